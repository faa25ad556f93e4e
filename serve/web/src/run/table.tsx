// A table, as operators read it.
import type { ComponentChildren } from 'preact';

/** What stands in a column; without a name it holds what can be done with a row. */
export interface Column<T> {
  name: string;
  cell: (item: T) => ComponentChildren;
  /** Numbers stand below each other, prose may have several lines. */
  as?: 'number' | 'prose';
}

interface Props<T> {
  label: string;
  /** Whether the label stands above as well. */
  headed?: boolean;
  /** Whether where it is narrow the cells of a row stand below each other, so that nothing of it lies aside. */
  stacks?: boolean;
  /** The first one names the row. */
  columns: Column<T>[];
  rows: T[];
  key_: (item: T) => string | number;
}

/** Nothing where there are no rows. */
export function Table<T>({ label, headed, stacks, columns, rows, key_ }: Props<T>) {
  if (rows.length === 0) return null;
  return (
    <>
      {headed && <h2>{label}</h2>}
      {/* What they are is said, since cells that are laid out otherwise are no cells to some browsers. */}
      <div class={stacks ? 'scroll stacks' : 'scroll'} tabIndex={0} role="region" aria-label={label}>
        <table role="table">
          <thead role="rowgroup">
            <tr role="row">
              {columns.map(({ name, as }) =>
                name ? <th role="columnheader" class={as === 'number' ? as : undefined}>{name}</th> : <td role="cell" />,
              )}
            </tr>
          </thead>
          <tbody role="rowgroup">
            {rows.map((item) => (
              <tr role="row" key={key_(item)}>
                {columns.map(({ name, cell, as }, nth) =>
                  nth === 0 ? (
                    <th role="rowheader" scope="row" class={as}>
                      {cell(item)}
                    </th>
                  ) : (
                    <td role="cell" class={as} data-name={name || undefined}>
                      {cell(item)}
                    </td>
                  ),
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

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
  /** The first one names the row. */
  columns: Column<T>[];
  rows: T[];
  key_: (item: T) => string | number;
}

/** Nothing where there are no rows. */
export function Table<T>({ label, headed, columns, rows, key_ }: Props<T>) {
  if (rows.length === 0) return null;
  return (
    <>
      {headed && <h2>{label}</h2>}
      <div class="scroll" tabIndex={0} role="region" aria-label={label}>
        <table>
          <thead>
            <tr>
              {columns.map(({ name, as }) => (name ? <th class={as === 'number' ? as : undefined}>{name}</th> : <td />))}
            </tr>
          </thead>
          <tbody>
            {rows.map((item) => (
              <tr key={key_(item)}>
                {columns.map(({ cell, as }, nth) =>
                  nth === 0 ? <th scope="row" class={as}>{cell(item)}</th> : <td class={as}>{cell(item)}</td>,
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

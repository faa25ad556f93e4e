// The groups of channels, to choose one from.
import type { LineUp } from '../data';
import { useStore, type Store } from '../store';
import { count, t } from '../strings';

export function ChooseGroup({ known, group, withRecent }: { known: LineUp; group: Store<string>; withRecent?: boolean }) {
  const chosen = useStore(group);
  const words = t().watch;
  return (
    <select aria-label={words.group} value={chosen} onChange={(event) => group.set(event.currentTarget.value)}>
      <option value="all">{words.all(count(known.channels.length))}</option>
      <option value="favourites">{words.favourites}</option>
      {withRecent && <option value="recent">{words.recent}</option>}
      {known.categories.map((one) => (
        <option key={one.category_id} value={one.category_id}>
          {one.category_name} ({count(known.sizes.get(Number(one.category_id)) ?? 0)})
        </option>
      ))}
    </select>
  );
}

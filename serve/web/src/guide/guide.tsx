// The guide: channels down, time across.
import { useMemo, useState } from 'preact/hooks';
import { favourites, finding, lineUp, loadLineUp } from '../data';
import { Store, useStore } from '../store';
import { t } from '../strings';
import { ChooseGroup } from '../view/group';
import { Search, Trouble, useFetched, Wait } from '../view/parts';
import { Grid } from './grid';
import './guide.css';

const group = new Store<string>('all', 'guide.group');

export function Guide() {
  const known = useStore(lineUp);
  const { error, retry } = useFetched(loadLineUp, []);
  const chosen = useStore(group);
  const [query, setQuery] = useState('');
  const channels = useMemo(() => {
    if (!known) return [];
    const id = Number(chosen);
    const starred = chosen === 'favourites' ? new Set(favourites()) : undefined;
    const fits = finding(query);
    return known.channels.filter(
      (one) =>
        (starred ? starred.has(one.stream_id) : Number.isNaN(id) || one.category_ids.includes(id)) && fits(one.folded),
    );
  }, [known, chosen, query]);
  if (!known) return error !== undefined ? <Trouble error={error} retry={retry} /> : <Wait />;
  return (
    <Grid channels={channels}>
      <Search label={t().watch.search} value={query} onValue={setQuery} />
      <ChooseGroup known={known} group={group} />
    </Grid>
  );
}

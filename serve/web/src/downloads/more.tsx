// How much is shown of what there is, and more of it.
import { count } from '../strings';
import { w } from './words';

/** So many are shown at first, and so many more each time, */
export const PAGE = 100;
/** up to so many: the server tells no more at once. Whoever looks for others searches. */
const MOST = 500;

export function More({ shown, total, onMore }: { shown: number; total: number; onMore: () => void }) {
  const words = w().queue;
  return (
    <>
      <p class="hint">{words.shown(count(shown), count(total))}</p>
      {shown < Math.min(total, MOST) && (
        <button type="button" onClick={onMore}>
          {words.more}
        </button>
      )}
    </>
  );
}

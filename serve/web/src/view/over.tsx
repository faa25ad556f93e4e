import { useEffect, useState } from 'preact/hooks';
import type { State } from '../player/playback';
import { t } from '../strings';

/** What stands above the picture while there is none. */
export function Over({ state, onAgain }: { state: State; onAgain: () => void }) {
  const words = t().player;
  const [shown, setShown] = useState(false);
  // What comes at once needs no word.
  useEffect(() => {
    setShown(false);
    if (state.is === 'playing') return;
    const timer = setTimeout(() => setShown(true), state.is === 'loading' ? 400 : 0);
    return () => clearTimeout(timer);
  }, [state.is]);
  if (!shown || state.is === 'playing') return null;
  return (
    <div class={`over ${state.is}`} role={state.is === 'failed' ? 'alert' : 'status'}>
      {state.is !== 'failed' && <span class="spinner" aria-hidden="true" />}
      {state.is === 'loading' && words.loading}
      {state.is === 'again' && words.again(state.seconds)}
      {state.is === 'failed' && (
        <>
          {words.failed[state.why]}
          <button type="button" onClick={onAgain}>
            {t().retry}
          </button>
        </>
      )}
    </div>
  );
}

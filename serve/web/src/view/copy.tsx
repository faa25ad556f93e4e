// Taking something along in the clipboard.
import { useState } from 'preact/hooks';
import { t } from '../strings';
import { Icon } from './icon';

/** Copies, also where the page is not secure, which a box at home seldom is. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    area.className = 'out-of-sight';
    const home = document.querySelector('dialog[open]') ?? document.body;
    home.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}

export function CopyButton({ text, label }: { text: string; label?: string }) {
  const [done, setDone] = useState(false);
  return (
    <button
      type="button"
      class="quiet"
      onClick={async () => {
        setDone(await copy(text));
        setTimeout(() => setDone(false), 2000);
      }}
    >
      <Icon name="copy" />
      <span aria-live="polite">{done ? t().copied : (label ?? t().copy)}</span>
    </button>
  );
}

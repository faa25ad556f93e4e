/** How far something has come. */
export function Bar({ from, until, now }: { from: number; until: number; now: number }) {
  const part = Math.max(0, Math.min(1, (now - from) / Math.max(1, until - from)));
  return (
    <span class="bar" aria-hidden="true">
      <span style={{ width: `${(part * 100).toFixed(1)}%` }} />
    </span>
  );
}

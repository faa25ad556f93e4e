// What a browser cannot play, or shall not: into another program with it.
import { t } from '../strings';
import { Icon } from './icon';

/** Phones know VLC by its own scheme; elsewhere a playlist of one entry opens in whatever plays playlists. */
export function OpenElsewhere({ address, title }: { address: string; title: string }) {
  const words = t().player;
  if (/Android|iPhone|iPad/.test(navigator.userAgent)) {
    return (
      <a class="button quiet" href={`vlc://${address}`}>
        <Icon name="open" /> {words.open}
      </a>
    );
  }
  const save = (): void => {
    const text = `#EXTM3U\n#EXTINF:-1,${title.replace(/[\r\n]/g, ' ')}\n${address}\n`;
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([text], { type: 'audio/x-mpegurl' }));
    link.download = `${title.replace(/[^\p{L}\p{N} ._-]/gu, '').trim() || 'coax'}.m3u`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };
  return (
    <button type="button" class="quiet" onClick={save}>
      <Icon name="open" /> {words.open}
    </button>
  );
}

// Signs, and buttons that have nothing but one.
import type { ButtonHTMLAttributes } from 'preact';

const ICONS = {
  tv: 'M4 6h16v11H4zM9 20h6M8 2l4 4 4-4',
  grid: 'M3 4h18v16H3zM3 9h18M3 14.5h18M9 9v11',
  film: 'M4 4h16v16H4zM8 4v16M16 4v16M4 9h4M4 15h4M16 9h4M16 15h4',
  series: 'M3 8h14v11H3zM7 5h14v11M17 8v11',
  ace: 'M12 3v6M12 15v6M3 12h6M15 12h6M6 6l3.5 3.5M14.5 14.5 18 18M18 6l-3.5 3.5M9.5 14.5 6 18',
  run: 'M4 19V9M10 19V5M16 19v-7M21 19H2',
  search: 'M11 4a7 7 0 1 1 0 14 7 7 0 0 1 0-14zM16 16l5 5',
  star: 'm12 3 2.7 5.7 6.3.8-4.6 4.3 1.2 6.2L12 17l-5.6 3 1.2-6.2L3 9.5l6.3-.8z',
  copy: 'M8 8h12v12H8zM16 8V4H4v12h4',
  open: 'M13 4h7v7M20 4l-9 9M18 14v6H4V6h6',
  pip: 'M3 5h18v14H3zM12 12h7v5h-7z',
  full: 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5',
  before: 'm15 5-7 7 7 7',
  after: 'm9 5 7 7-7 7',
  close: 'M5 5l14 14M19 5 5 19',
  menu: 'M4 7h16M4 12h16M4 17h16',
  mute: 'M4 9v6h4l5 4V5L8 9zM16 9.5l5 5M21 9.5l-5 5',
  record: 'M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18zM12 9a3 3 0 1 1 0 6 3 3 0 0 1 0-6z',
  play: 'M7 4v16l13-8z',
  plus: 'M12 4v16M4 12h16',
  down: 'M12 3v12M6 10l6 6 6-6M4 20h16',
  back: 'M20 12H4M10 6l-6 6 6 6',
};

export type IconName = keyof typeof ICONS;

export function Icon({ name, filled }: { name: IconName; filled?: boolean }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" data-filled={filled ? '' : undefined}>
      <path d={ICONS[name]} />
    </svg>
  );
}

export function IconButton(props: { icon: IconName; label: string; filled?: boolean } & ButtonHTMLAttributes) {
  const { icon, label, filled, ...rest } = props;
  return (
    <button type="button" {...rest} class={`icon-button ${rest.class ?? ''}`} aria-label={label} title={label}>
      <Icon name={icon} filled={filled} />
    </button>
  );
}

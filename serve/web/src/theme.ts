// Light or dark: as the system has it, unless somebody has chosen.
import { Store } from './store';

export type Theme = 'auto' | 'dark' | 'light';

export const theme = new Store<Theme>('auto', 'theme');

export function dress(): void {
  const root = document.documentElement;
  const show = (): void => {
    if (theme.value === 'auto') delete root.dataset.theme;
    else root.dataset.theme = theme.value;
  };
  theme.watch(show);
  show();
}

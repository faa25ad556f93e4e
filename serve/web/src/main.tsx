import './style.css';
import { render } from 'preact';
import { language } from './strings';
import { dress } from './theme';
import { App } from './view/app';

dress();
const tell = (): void => void (document.documentElement.lang = language.value);
language.watch(tell);
tell();
render(<App />, document.getElementById('page') as HTMLElement);

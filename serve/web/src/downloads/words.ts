// The words of downloads: loaded with their pages.
import { language } from '../strings';
import en from './words/en';
import it from './words/it';

export type Words = typeof en;

const ALL: Record<string, Words> = { en, it };

export const w = (): Words => ALL[language.value] ?? en;

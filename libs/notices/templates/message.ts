import type { LANGUAGES } from '../events.js';
import type { Notice } from '../notice.js';
import { de } from './de.js';
import { en } from './en.js';
import type { Links, Message, Template } from './template.js';

export type Language = (typeof LANGUAGES)[number];

/** A language needs its file, and its line here. */
const TEMPLATES: Record<Language, Template> = { en, de };

export const messageOf = (notice: Notice, links: Links = {}): Message => TEMPLATES[notice.language](notice, links);

/** @param locale a language tag (BCP 47), as the person gave it */
export function languageOf(locale: string | undefined, fallback: Language): Language {
  const [primary = ''] = (locale ?? '').toLowerCase().split('-');
  return Object.hasOwn(TEMPLATES, primary) ? (primary as Language) : fallback;
}

import { expect, it } from '@jest/globals';
import { KINDS, LANGUAGES, NoticeQueued } from '../events.js';
import type { Notice } from '../notice.js';
import { languageOf, messageOf } from './message.js';

const OUTCOMES = {
  'measure-imposed': ['strike', 'restrict', 'suspend', 'deactivate'],
  'measure-reversed': ['strike', 'restrict', 'suspend', 'deactivate'],
  'measure-lifted': ['reinstated', 'lifted'],
  'appeal-decided': ['granted', 'partly-granted', 'denied'],
  'flag-decided': ['confirmed', 'dismissed', 'model-problem', 'overturned', 'reopened'],
} as const;
const notice = (change: object): Notice => ({ ...NoticeQueued.example, ...change }) as Notice;
const all = LANGUAGES.flatMap((language) =>
  KINDS.flatMap((kind) => OUTCOMES[kind].map((outcome) => notice({ language, kind, outcome }))),
);

it('words every outcome differently in every language', () => {
  const texts = all.map((one) => messageOf(one).text);
  expect(new Set(texts).size).toBe(all.length);
  for (const text of texts) expect(text).not.toMatch(/undefined|null/);
});

it('names the clause, and says to the account’s holder until when and where to appeal', () => {
  for (const language of LANGUAGES) {
    const { subject, text } = messageOf(notice({ language }), 'https://example.org/appeal');
    expect(subject.length).toBeGreaterThan(5);
    for (const part of ['violent', '2022-11-15', 'https://example.org/appeal', 'img-1']) expect(text).toContain(part);
  }
});

it('follows the language that a person gave, if there is a template for it', () => {
  expect(['de-AT', 'DE', 'en-GB', 'fr', undefined, '__proto__'].map((one) => languageOf(one, 'en'))).toEqual([
    ...['de', 'de', 'en', 'en', 'en', 'en'],
  ]);
  expect(languageOf('fr', 'de')).toBe('de');
});

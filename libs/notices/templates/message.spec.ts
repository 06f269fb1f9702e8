import { expect, it } from '@jest/globals';
import { KINDS, LANGUAGES, NoticeQueued } from '../events.js';
import type { Notice } from '../notice.js';
import { languageOf, messageOf } from './message.js';
import { linksOf, type Tokens } from './template.js';

const OUTCOMES = {
  'measure-imposed': ['strike', 'restrict', 'suspend', 'deactivate'],
  'measure-reversed': ['strike', 'restrict', 'suspend', 'deactivate'],
  'measure-lifted': ['reinstated', 'lifted'],
  'appeal-decided': ['granted', 'partly-granted', 'denied'],
  invitation: ['sent', 'reminder'],
  'address-confirmation': ['requested'],
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
    const { subject, text } = messageOf(notice({ language }), { appealUrl: 'https://example.org/appeal' });
    expect(subject.length).toBeGreaterThan(5);
    for (const part of ['violent', '2022-11-15', 'https://example.org/appeal', 'img-1']) expect(text).toContain(part);
  }
});

it('says of measures and decided appeals that people decided, and where disputes are settled if the setting names it', () => {
  const links = { disputeUrl: 'https://example.org/disputes' };
  for (const language of LANGUAGES) {
    const measure = messageOf(notice({ language }), links).text;
    const appeal = messageOf(notice({ language, kind: 'appeal-decided', outcome: 'denied' }), links).text;
    expect(measure).toMatch(/People reviewed|Menschen/);
    for (const decidedBy of ['other-system', 'operator', undefined])
      expect(messageOf(notice({ language, decidedBy }), links).text).not.toMatch(/People reviewed|Menschen/);
    expect(appeal).toMatch(/A person decided|ein Mensch entschieden/);
    for (const text of [measure, appeal]) expect(text).toContain(links.disputeUrl);
    expect(messageOf(notice({ language, kind: 'measure-reversed', outcome: 'strike' }), links).text).not.toContain(
      links.disputeUrl,
    );
    const { caseId: _, ...byHand } = notice({ language, decidedBy: 'operator' });
    expect(messageOf(byHand).text).not.toMatch(/People|Menschen|court|Gericht/);
  }
});

it('follows the language that a person gave, if there is a template for it', () => {
  expect(['de-AT', 'DE', 'en-GB', 'fr', undefined, '__proto__'].map((one) => languageOf(one, 'en'))).toEqual([
    ...['de', 'de', 'en', 'en', 'en', 'en'],
  ]);
  expect(languageOf('fr', 'de')).toBe('de');
});

const TOKENS: Tokens = { ofInvitation: (_, id) => `of-${id}`, ofConfirmation: (_, id) => `confirms-${id}` };

it('has the link of an invitation only if the sender gives the token', () => {
  const invitation = { kind: 'invitation', outcome: 'sent', until: '2022-06-01T09:00:00.000Z', batchId: 'spring' };
  const settings = {
    noticeAppealUrl: undefined,
    noticeDisputeUrl: undefined,
    noticeAcceptUrl: 'https://example.org/?a=1',
    waitlistConfirmUrl: undefined,
  };
  for (const language of LANGUAGES) {
    const textOf = (tokens?: Tokens) => messageOf(notice({ ...invitation, language }), linksOf(settings, tokens)).text;
    expect(textOf(TOKENS)).toContain('https://example.org/?a=1&account=acc-1&token=of-spring');
    expect(textOf(TOKENS)).toContain('2022-06-01');
    expect(textOf()).not.toContain('example.org');
  }
});

it('has the link that confirms an address, and until when it is valid', () => {
  const asked = {
    kind: 'address-confirmation',
    outcome: 'requested',
    until: '2022-06-01T09:30:00.000Z',
    requestId: 'r-1',
  };
  const settings = {
    ...{ noticeAppealUrl: undefined, noticeDisputeUrl: undefined, noticeAcceptUrl: undefined },
    waitlistConfirmUrl: 'https://example.org/confirm',
  };
  for (const language of LANGUAGES) {
    const { text } = messageOf(notice({ ...asked, language }), linksOf(settings, TOKENS));
    expect(text).toContain('https://example.org/confirm?account=acc-1&token=confirms-r-1');
    expect(text).toContain('2022-06-01 09:30');
    expect(messageOf(notice({ ...asked, language }), linksOf(settings)).text).not.toContain('example.org');
  }
});

import { describe, expect, it } from '@jest/globals';
import { fold } from '../kernel/decider.js';
import { caseStream } from './case.js';
import type { CaseEvent } from './events.js';
import { checkReveal, isText, REVEAL_LEVELS, type Reveal, refuseSevere } from './reveal.js';

const NOW = Date.UTC(2022, 4, 19);
const opened: CaseEvent = {
  type: 'CaseOpened',
  data: {
    ...{ caseId: 'img-1', imageId: 'img-1', accountId: 'acc-1', round: 1, panelSize: 2 },
    ...{ flagId: 'flag-1', flaggedBy: 'acc-9', categories: [], flaggedAt: '2022-05-19T00:00:00Z' },
  },
};
const claimed = (reviewer: string, ms: number): CaseEvent => ({
  type: 'CaseClaimed',
  data: { caseId: 'img-1', reviewer, until: new Date(NOW + ms).toISOString() },
});
const judged: CaseEvent = { type: 'VerdictGiven', data: { caseId: 'img-1', reviewer: 'rita', verdict: 'unsafe' } };
const checkAs = (change: Partial<Reveal>, facts: object, ...events: CaseEvent[]) => {
  const reveal = { caseId: 'img-1', reviewer: 'rita', level: 'prompt' as const, isSevereViewer: false, now: NOW };
  return checkReveal(fold(caseStream, events), { ...reveal, ...change }, facts);
};
const check = (facts: object, ...events: CaseEvent[]) => checkAs({}, facts, ...events);

it('lets the reviewer read who holds the claim', () => {
  expect(() => check({}, opened, claimed('rita', 1))).not.toThrow();
});

it.each<[string, string, object, CaseEvent[]]>([
  ['without a claim', 'case-not-claimed', {}, [opened]],
  ['whose claim has ended', 'case-not-claimed', {}, [opened, claimed('rita', 0)]],
  ['while another holds the claim', 'case-not-claimed', {}, [opened, claimed('rob', 1)]],
  ['who has given a verdict', 'case-not-claimed', {}, [opened, claimed('rita', 1), judged]],
  ['of an unknown case', 'case-unknown', {}, []],
  ['whose image it turned out to be', 'own-image', { owner: 'rita' }, [opened, claimed('rita', 1)]],
  ['who has flagged since', 'own-flag', { notedRounds: new Map([['rita', 1]]) }, [opened, claimed('rita', 1)]],
  ['while a flag can’t be processed', 'case-parked', { isCaseParked: true }, [opened, claimed('rita', 1)]],
])('refuses a reviewer %s', (_, code, facts, events) => {
  expect(() => check(facts, ...events)).toThrow(expect.objectContaining({ code }));
});

it('lets a lead read what reviewers wrote without a claim, and nothing else', () => {
  expect(() => checkAs({ level: 'notes', isLead: true }, {}, opened, judged)).not.toThrow();
  for (const look of [{ level: 'notes' }, { level: 'comments', isLead: true }] as const)
    expect(() => checkAs(look, {}, opened, judged)).toThrow(expect.objectContaining({ code: 'case-not-claimed' }));
  const own = { notedRounds: new Map([['rita', 1]]) };
  expect(() => checkAs({ level: 'notes', isLead: true }, own, opened)).toThrow(
    expect.objectContaining({ code: 'own-flag' }),
  );
});

it('needs no token, but refuses another one than that of the claim', () => {
  const events = [opened, claimed('rita', 1)];
  expect(() => checkAs({ token: 1 }, {}, ...events)).not.toThrow();
  expect(() => checkAs({ token: 2 }, {}, ...events)).toThrow(expect.objectContaining({ code: 'claim-lost' }));
});

describe('the image of a case that names a clause of the highest severity', () => {
  const severities = new Map([
    ['minors', 3],
    ['violent', 2],
  ]);
  const flagged = (categories: string[]): CaseEvent => ({
    type: 'CaseJoined',
    data: { caseId: 'img-1', flagId: 'flag-2', flaggedBy: 'acc-8', categories },
  });
  const refused = expect.objectContaining({ code: 'severe-content', details: { clause: 'minors' } });
  const looks = (change: Partial<Reveal>, ...events: CaseEvent[]) =>
    checkAs(change, { severities }, opened, ...events, claimed('rita', 1));

  it.each(REVEAL_LEVELS)('is for its own viewers at every level, its texts for all: %s', (level) => {
    const look = () => looks({ level }, flagged(['minors']));
    if (isText(level)) expect(look).not.toThrow();
    else expect(look).toThrow(refused);
    expect(() => looks({ level, isSevereViewer: true }, flagged(['minors']))).not.toThrow();
  });

  it('is one too if a verdict names the clause that the reader may know, not for a clause of a lower severity', () => {
    const given: CaseEvent = {
      type: 'VerdictGiven',
      data: { caseId: 'img-1', reviewer: 'rob', verdict: 'unsafe', clause: 'minors' },
    };
    // Who is to judge without knowing of the verdict would learn of it.
    expect(() => looks({ level: 'full' }, given)).not.toThrow();
    const see = (reviewer: string, role: 'reviewer' | 'lead', ...events: CaseEvent[]) =>
      refuseSevere(
        fold(caseStream, [opened, given, ...events]),
        { caseId: 'img-1', reviewer, role, isSevereViewer: false, now: NOW },
        { severities },
      );
    expect(() => see('rita', 'reviewer')).not.toThrow();
    expect(() => see('rita', 'lead', claimed('rita', 1))).not.toThrow();
    expect(() => see('rita', 'lead')).toThrow(refused);
    expect(() => see('rob', 'reviewer')).toThrow(refused);
    expect(() => see('rita', 'reviewer', judged)).toThrow(refused);
    expect(() => looks({ level: 'full' }, flagged(['violent']))).not.toThrow();
  });

  it('is one too if it names a category whose severity is unknown, as all are while the policy is', () => {
    const unknown = expect.objectContaining({ code: 'severe-content', details: { clause: 'unknown' } });
    expect(() => looks({ level: 'full' }, flagged(['violent', 'unknown']))).toThrow(unknown);
    expect(() => looks({ level: 'full', isSevereViewer: true }, flagged(['unknown']))).not.toThrow();
    expect(() => looks({ level: 'prompt' }, flagged(['unknown']))).not.toThrow();
    for (const facts of [{}, { severities: new Map() }])
      expect(() => checkAs({ level: 'full' }, facts, opened, flagged(['violent']), claimed('rita', 1))).toThrow(
        expect.objectContaining({ code: 'severe-content', details: { clause: 'violent' } }),
      );
  });

  it('is for all reviewers while no version of the policy has clauses', () => {
    const look = () =>
      checkAs({ level: 'full' }, { severities: null }, opened, flagged(['minors']), claimed('rita', 1));
    expect(look).not.toThrow();
  });
});

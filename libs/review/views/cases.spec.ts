import { describe, expect, it } from '@jest/globals';
import { foldView, recorded, replay } from '../../../test/support/fold-view.js';
import { casesView } from './cases.js';

const caseId = 'img-1';
const open = (position: number, round = 1, flaggedBy = 'acc-9') =>
  recorded(position, 'CaseOpened', {
    caseId,
    imageId: caseId,
    ...(round === 1 && { accountId: 'acc-1' }),
    round,
    panelSize: 1,
    flagId: `flag-${position}`,
    flaggedBy,
    categories: ['violent'],
    flaggedAt: '2022-05-18T09:00:00.000Z',
  });
const joined = recorded(2, 'CaseJoined', { caseId, flagId: 'flag-2', flaggedBy: 'acc-8', categories: ['hate'] });
const claimed = recorded(3, 'CaseClaimed', { caseId, reviewer: 'rev-1', until: '2022-05-18T09:18:00.000Z' });
const verdict = recorded(4, 'VerdictGiven', { caseId, reviewer: 'rev-1', verdict: 'safe', panelSize: 3 });
const votes = { safe: 1, unsafe: 0, unsure: 0 };
const dismissed = recorded(5, 'ReviewDismissed', {
  caseId,
  imageId: caseId,
  accountId: 'acc-1',
  categories: ['hate', 'violent'],
  votes,
  round: 1,
});
const row = (...events: ReturnType<typeof recorded>[]) => foldView(casesView, events).rows[caseId];

const withoutCells = <Sums>(counters: Record<string, Sums>): Record<string, Sums> =>
  Object.fromEntries(Object.entries(counters).filter(([bucket]) => !bucket.startsWith('cell')));

describe('the cases view', () => {
  it('counts every flag since the case was opened, also repeated ones', () => {
    const flag = (position: number, imageId = caseId) => recorded(position, 'ContentFlagged', { imageId });
    expect(row(flag(1))).toBeUndefined();
    const history = [open(2), flag(3), joined, flag(4), flag(5, 'img-2'), flag(6), open(7, 2), flag(8), flag(8)];
    expect(row(...history)).toMatchObject({ flags_received: 5, round: 2, position: 8 });
  });

  it('never counts fewer flags than the case has, though some were stored before it was opened', () => {
    const flag = (position: number) => recorded(position, 'ContentFlagged', { imageId: caseId });
    const late = recorded(5, 'CaseJoined', { caseId, flagId: 'flag-2', flaggedBy: 'acc-8', categories: ['hate'] });
    expect(row(flag(1), flag(2), open(3), late)).toMatchObject({ flags_received: 2 });
    expect(row(open(3), flag(4), late)).toMatchObject({ flags_received: 2 });
  });

  it('collects the flags, claim and verdicts of a case', () => {
    expect(row(open(1), joined, claimed)).toEqual({
      case_id: caseId,
      image_id: caseId,
      before_bulk: null,
      account_id: 'acc-1',
      status: 'claimed',
      round: 1,
      origin: 'flags',
      is_unflagged: false,
      panel_size: 1,
      flags_received: 2,
      flags: [
        { flagId: 'flag-1', flaggedBy: 'acc-9', categories: ['violent'] },
        { flagId: 'flag-2', flaggedBy: 'acc-8', categories: ['hate'] },
      ],
      verdicts: [],
      reviewers: [],
      categories: ['hate', 'violent'],
      opened_at: Date.UTC(2022, 4, 18, 9, 1),
      flagged_at: Date.UTC(2022, 4, 18, 9),
      first_viewed_at: Date.UTC(2022, 4, 18, 9, 3),
      judged_at: null,
      claimed_by: 'rev-1',
      claimed_until: Date.UTC(2022, 4, 18, 9, 18),
      reserved_for: null,
      reserved_until: null,
      is_held: false,
      is_escalated: false,
      queue: 'default',
      priority: 0,
      due_at: Date.UTC(2022, 4, 18, 9, 1),
      outcome: null,
      judged_flaggers: [],
      is_panel_given: false,
      verdicts_needed: 0,
      decides_at: null,
      decided_at: null,
      decision_stored_at: null,
      votes: null,
      position: 3,
    });
  });

  const unflagged = (origin: string) =>
    recorded(1, 'CaseOpened', {
      ...{ caseId, imageId: caseId, accountId: 'acc-1', round: 1, panelSize: 1, categories: ['violent'] },
      ...{ origin, hasComment: false, flaggedAt: '2022-05-18T09:00:00.000Z' },
    });

  it('has a case without a flag or flagger if it was opened without one, until somebody flags the image', () => {
    const sampled = { origin: 'sample', is_unflagged: true, flags_received: 1, flags: [{ categories: ['violent'] }] };
    expect(row(unflagged('sample'))).toMatchObject(sampled);
    const flag = recorded(2, 'ContentFlagged', { imageId: caseId });
    const late = recorded(3, 'CaseJoined', { caseId, flagId: 'flag-2', flaggedBy: 'acc-8', categories: ['hate'] });
    expect(row(unflagged('sample'), flag, late)).toMatchObject({ origin: 'sample', flags_received: 2 });
    const counters = (origin: string, ...events: ReturnType<typeof recorded>[]) =>
      withoutCells(foldView(casesView, [unflagged(origin), ...events]).counters);
    expect(counters('sample', verdict, dismissed)).toEqual({});
    expect(counters('sample')).toEqual({ 'queue:default': { open: 1 } });
    expect(counters('golden')).toEqual({ 'queue:default': { open: 1, golden: 1 } });
    expect(row(unflagged('sample'), verdict, dismissed, open(6, 2))).toMatchObject({ origin: 'flags', round: 2 });
  });

  const routed = (position: number, dueAt = '2022-05-19T00:00:00.000Z') =>
    recorded(position, 'CaseRouted', { caseId, queue: 'severe', priority: 60, parts: [], dueAt, rulesVersion: 1 });

  it('has the queue and the place of a routed case, also in its next round', () => {
    expect(row(open(1), routed(2))).toMatchObject({
      queue: 'severe',
      priority: 60,
      due_at: Date.UTC(2022, 4, 19),
    });
    const again = row(open(1), routed(2), verdict, dismissed, open(11, 2));
    expect(again).toMatchObject({ queue: 'severe', due_at: Date.UTC(2022, 4, 19) + 10 * 60_000 });
  });

  it('counts open cases by queue, and decided ones by account and by everybody who flagged them in any round', () => {
    const counters = (...events: ReturnType<typeof recorded>[]) => withoutCells(foldView(casesView, events).counters);
    expect(counters(open(1), routed(2))).toEqual({ 'queue:severe': { open: 1 } });
    const first = [open(1), routed(2), verdict, dismissed];
    const wrong = { decided: 1, confirmed: 0 };
    expect(counters(...first)).toEqual({ 'flagger:acc-9': wrong });
    const second = [...first, open(6, 2, 'acc-7')];
    expect(counters(...second)).toEqual({
      'queue:severe': { open: 1 },
      'flagger:acc-9': wrong,
    });
    const right = { decided: 1, confirmed: 1 };
    const confirmed = recorded(7, 'ReviewConfirmed', {
      caseId,
      imageId: caseId,
      accountId: 'acc-1',
      categories: [],
      round: 2,
    });
    expect(counters(...second, confirmed)).toEqual({
      'flagger:acc-9': right,
      'flagger:acc-7': right,
    });
    const problem = recorded(7, 'ModelProblemFound', { caseId, imageId: caseId, categories: [], votes, round: 2 });
    expect(counters(...second, problem)).toEqual({});
  });

  it('reopens a claimed case after its release or the claimant’s verdict', () => {
    const released = recorded(4, 'CaseReleased', { caseId, reviewer: 'rev-1' });
    expect(row(open(1), claimed, released)).toMatchObject({ status: 'open', claimed_by: null, claimed_until: null });
    expect(row(open(1), claimed, verdict)).toMatchObject({
      status: 'open',
      claimed_by: null,
      panel_size: 3,
      verdicts: [{ reviewer: 'rev-1', verdict: 'safe' }],
    });
  });

  it('shows the next round with its own flags and verdicts and the account known before', () => {
    expect(row(open(1), joined, claimed, verdict, dismissed)).toMatchObject({
      status: 'dismissed',
      decided_at: Date.UTC(2022, 4, 18, 9, 5),
      decision_stored_at: Date.UTC(2022, 4, 18, 9, 5),
      votes,
      claimed_by: null,
    });
    expect(row(open(1), joined, claimed, verdict, dismissed, open(6, 2, 'acc-7'))).toMatchObject({
      status: 'open',
      round: 2,
      account_id: 'acc-1',
      flags: [{ flaggedBy: 'acc-7' }],
      verdicts: [],
      first_viewed_at: null,
      judged_at: null,
      decided_at: null,
      decision_stored_at: null,
      votes: null,
    });
  });

  it('keeps a held or handed-over case for its reviewer, and an escalated one for leads', () => {
    const until = '2022-05-19T09:00:00.000Z';
    const held = recorded(4, 'CaseHeld', { caseId, reviewer: 'rev-1', until });
    const handedOver = recorded(6, 'CaseHandedOver', { caseId, by: 'lead', reviewer: 'rev-2', until });
    const escalated = recorded(5, 'CaseEscalated', { caseId, by: 'lead' });
    const kept = {
      status: 'open',
      claimed_by: null,
      reserved_for: 'rev-1',
      reserved_until: Date.parse(until),
      is_held: true,
    };
    expect(row(open(1), claimed, held)).toMatchObject(kept);
    expect(row(open(1), claimed, held, escalated)).toMatchObject({ reserved_for: null, is_escalated: true });
    expect(row(open(1), claimed, held, escalated, handedOver)).toMatchObject({
      reserved_for: 'rev-2',
      is_held: false,
      is_escalated: false,
    });
  });

  it('has when a case is decided while a verdict of a complete panel can be taken back', () => {
    const finalAt = '2022-05-18T10:00:00.000Z';
    const given = (position: number, reviewer: string, data = {}) =>
      recorded(position, 'VerdictGiven', { caseId, reviewer, verdict: 'safe', ...data });
    const decidesAt = (...events: ReturnType<typeof recorded>[]) => row(open(1), ...events)?.decides_at;
    expect(decidesAt(given(2, 'rev-1', { finalAt }))).toBe(Date.parse(finalAt));
    expect(decidesAt(given(2, 'rev-1'))).toBeNull();
    expect(decidesAt(given(2, 'rev-1', { finalAt, verdict: 'unsure' }))).toBeNull();
    expect(decidesAt(given(2, 'x-1', { panelSize: 2 }), given(3, 'rev-1', { finalAt }))).toBe(Date.parse(finalAt));
    const withdrawn = recorded(4, 'VerdictWithdrawn', { caseId, reviewer: 'rev-1' });
    expect(decidesAt(given(2, 'rev-1', { finalAt }), withdrawn)).toBeNull();
    expect(decidesAt(given(2, 'rev-1', { finalAt }), dismissed)).toBeNull();
  });

  it('waits for another verdict if a reviewer has flagged the image since, or turns out to own it', () => {
    const verdictOf = (reviewer: string) =>
      recorded(2, 'VerdictGiven', { caseId, reviewer, verdict: 'safe', finalAt: '2022-05-18T10:00:00.000Z' });
    const flag = { caseId, flagId: 'flag-3', flaggedBy: 'acc-7', categories: [] };
    expect(row(open(1), verdictOf('acc-7'), recorded(3, 'CaseJoined', flag))!.decides_at).toBeNull();
    const owned = { ...flag, flaggedBy: 'acc-6', accountId: 'rev-1' };
    expect(row(open(1), verdictOf('rev-1'), recorded(3, 'CaseJoined', owned))!.decides_at).toBeNull();
  });

  it('shows a reopened case with the flags of the round before', () => {
    const reopened = recorded(6, 'CaseReopened', { caseId, by: 'lead', reason: 'again', round: 2, panelSize: 2 });
    expect(row(open(1), joined, verdict, dismissed, reopened)).toMatchObject({
      status: 'open',
      round: 2,
      panel_size: 2,
      verdicts: [],
      decided_at: null,
      flags: [{ flaggedBy: 'acc-9' }, { flaggedBy: 'acc-8' }],
    });
  });

  it('has the earliest view and the latest verdict by the events’ own times, not by their order', () => {
    const at = (minute: number) => ({ time: new Date(Date.UTC(2022, 4, 18, 8, minute)).toISOString() });
    const by = (position: number, reviewer: string, minute: number) =>
      recorded(position, 'VerdictGiven', { caseId, reviewer, verdict: 'safe' }, at(minute));
    expect(row(open(1), by(2, 'rev-1', 30), by(3, 'rev-2', 50), by(4, 'rev-3', 10))).toMatchObject({
      first_viewed_at: Date.UTC(2022, 4, 18, 8, 10),
      judged_at: Date.UTC(2022, 4, 18, 8, 50),
    });
    expect(row(open(1), claimed, verdict)).toMatchObject({
      first_viewed_at: Date.UTC(2022, 4, 18, 9, 3),
      judged_at: Date.UTC(2022, 4, 18, 9, 4),
    });
  });

  it('stays the same when events are replayed', () => {
    const history = [open(1), joined, claimed, verdict, dismissed, open(6, 2, 'acc-7')];
    const { once, replayed } = replay(casesView, history);
    expect(replayed).toEqual(once);
  });
});

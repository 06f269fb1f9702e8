import { describe, expect, it } from '@jest/globals';
import { CASE_ID, caseFile, claimedBy, flag, NOW, vote } from '../../test/support/case-file.js';
import { fold } from '../kernel/decider.js';
import { handleInBulk } from './bulk-decisions.js';
import { caseStream } from './case.js';
import { reopenCase } from './claim-decisions.js';
import type { CaseEvent } from './events.js';
import { openCase } from './flag-decisions.js';
import { withdrawGolden } from './golden-answers.js';
import {
  addGoldenCase,
  drawGoldenCase,
  goldenStream,
  presentGoldenCase,
  retireGoldenCase,
  retireUsedImage,
} from './golden-case.js';
import type { GoldenEvent } from './golden-events.js';
import { importReviewConfirmed } from './outside-confirmation.js';
import { NO_STANDING } from './priority.js';
import { reviewSettingsStream } from './queue-rules.js';
import { routeCase } from './routing.js';
import { openUnflagged } from './unflagged-cases.js';

const goldenId = CASE_ID;
const data = {
  ...{ goldenId, accountId: 'acc-7', accountStatus: 'onboarded' as const, verdict: 'unsafe' as const },
  ...{ clause: 'violent', categories: ['violent'], by: 'lena' },
};
const after = (...events: readonly GoldenEvent[]) => fold(goldenStream, events);
const added = addGoldenCase(goldenStream.initial, data);
const draw = { goldenId, because: 'event-1', opensAt: '2022-05-19T10:20:00.000Z' };
const drawn = [...added, ...drawGoldenCase(after(...added), draw)];
const present = { goldenId, generatedAt: '2022-05-19T09:00:00.000Z', reach: 3 };
const retired = (...events: GoldenEvent[]) => [
  ...events,
  ...retireGoldenCase(after(...events), { goldenId, reason: 'r' }),
];
const code = (reason: string) => expect.objectContaining({ code: reason });
const thrown = (act: () => unknown): unknown => {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
};

const golden = { verdict: 'unsafe' as const, clause: 'violent', reach: 3 };
const opening = {
  ...{ imageId: CASE_ID, accountId: 'acc-7', origin: 'golden' as const, golden },
  categories: ['violent'],
};
const open = (change = {}) =>
  caseFile().append(
    openUnflagged(caseStream.initial, { ...opening, chosenAt: '2022-05-19T10:00:00.000Z', panelSize: 1, ...change }),
  );
const types = (events: readonly CaseEvent[]) => events.map(({ type }) => type);
const rules = { ...reviewSettingsStream.initial, queues: [{ id: 'default' }, { id: 'training' }] };
const facts = { rules, panelSize: 1, severities: new Map(), reach: 0, records: new Map(), standing: NO_STANDING };

describe('a golden case', () => {
  it('is added, drawn and presented once', () => {
    expect(added).toMatchObject([{ type: 'GoldenCaseAdded' }]);
    expect(addGoldenCase(after(...added), { ...data, by: 'leo' })).toEqual([]);
    expect(drawGoldenCase(after(...drawn), draw)).toEqual([]);
    const presented = [...drawn, ...presentGoldenCase(after(...drawn), present)];
    expect(presented.at(-1)).toEqual({ type: 'GoldenCasePresented', data: present });
    expect(presentGoldenCase(after(...presented), present)).toEqual([]);
  });

  it('is neither drawn before it is added nor presented before it is drawn', () => {
    expect(drawGoldenCase(goldenStream.initial, draw)).toEqual([]);
    expect(presentGoldenCase(after(...added), present)).toEqual([]);
  });

  it('is refused with another answer, and with a clause for another verdict than unsafe', () => {
    expect(thrown(() => addGoldenCase(after(...added), { ...data, clause: 'hate' }))).toEqual(
      code('golden-case-exists'),
    );
    const { clause: _, ...without } = data;
    expect(thrown(() => addGoldenCase(goldenStream.initial, without))).toMatchObject({
      message: expect.stringMatching(/^\/clause/),
    });
    const safe = { ...data, verdict: 'safe' as const };
    expect(thrown(() => addGoldenCase(goldenStream.initial, safe))).toMatchObject({
      message: expect.stringMatching(/^\/clause/),
    });
  });

  it('is retired once, and then neither drawn nor presented', () => {
    const events = retired(...added);
    expect(events.at(-1)).toEqual({ type: 'GoldenCaseRetired', data: { goldenId, reason: 'r' } });
    expect(retired(...events)).toEqual(events);
    expect(drawGoldenCase(after(...events), draw)).toEqual([]);
    expect(presentGoldenCase(after(...retired(...drawn)), present)).toEqual([]);
    expect(thrown(() => retireGoldenCase(goldenStream.initial, { goldenId, reason: 'r' }))).toEqual(
      code('golden-case-unknown'),
    );
  });
});

describe('a golden case whose image is in use', () => {
  it('is retired with the reason, once, and only if it was added', () => {
    const retired = retireUsedImage(after(...drawn), goldenId);
    expect(retired).toEqual([
      { type: 'GoldenCaseRetired', data: { goldenId, reason: 'its image was reported or flagged' } },
    ]);
    expect(retireUsedImage(after(...drawn, ...retired), goldenId)).toEqual([]);
    expect(thrown(() => retireUsedImage(goldenStream.initial, goldenId))).toEqual(code('golden-case-unknown'));
  });
});

describe('the case of a golden case', () => {
  it.each([
    ['safe', undefined, 'dismissed', false],
    ['unsafe', 'violent', 'confirmed', true],
    ['unsafe', 'hate', 'confirmed', false],
    ['model-problem', undefined, 'model-problem', false],
  ] as const)('ends with the verdict %s (%s) as %s, and without a decision', (verdict, clause, outcome, isRight) => {
    const file = open();
    const events = vote(file.state(), 'rev-1', verdict, { ...(clause !== undefined && { clause }) });
    expect(types(events)).toEqual(['VerdictGiven', 'GoldenCaseAnswered']);
    expect(events[1]).toMatchObject({
      data: {
        outcome,
        expected: { verdict: 'unsafe', clause: 'violent' },
        answers: [{ reviewer: 'rev-1', verdict, isRight }],
      },
    });
    file.append(events);
    expect(file.state().status).toBe(outcome);
    expect(file.state().isShownWithheld).toBe(outcome === 'confirmed');
    expect(() => vote(file.state(), 'rev-2', 'safe')).toThrow(`is closed (${outcome})`);
  });

  it('waits for another reviewer after unsure and after a tie, and has the answers of all of them', () => {
    const file = open({ panelSize: 2 });
    file.append(vote(file.state(), 'rev-1', 'unsure'));
    file.append(vote(file.state(), 'rev-2', 'unsafe'));
    expect(file.state().status).toBe('open');
    file.append(vote(file.state(), 'rev-3', 'safe'));
    expect(file.log.at(-1)).toMatchObject({ type: 'FurtherReviewRequired', data: { verdicts: 3 } });
    file.append(vote(file.state(), 'rev-4', 'safe'));
    expect(file.log.at(-1)).toMatchObject({
      type: 'GoldenCaseAnswered',
      data: {
        outcome: 'dismissed',
        answers: [
          { reviewer: 'rev-2', isRight: true },
          { reviewer: 'rev-3', isRight: false },
          { reviewer: 'rev-4', isRight: false },
        ],
      },
    });
  });

  it('shows its image as withheld if the reviewers who found a problem of the model wanted that', () => {
    const file = open();
    file.append(vote(file.state(), 'rev-1', 'model-problem', { withhold: true }));
    expect(file.state()).toMatchObject({ status: 'model-problem', isShownWithheld: true });
  });

  it('gets a second review as others do', () => {
    const furtherReview = { isSampled: true, deactivates: () => false };
    const events = vote(open().state(), 'rev-1', 'safe', {}, { furtherReview });
    expect(types(events)).toEqual(['VerdictGiven', 'FurtherReviewRequired']);
  });

  it('waits in its own queue, as long as there is one', () => {
    const routeOf = (queue?: string) =>
      routeCase(open({ golden: { ...golden, ...(queue && { queue }) } }).state(), CASE_ID, facts)[0]!.data;
    expect(routeOf()).toMatchObject({ queue: 'default' });
    expect(routeOf('training')).toMatchObject({ queue: 'training' });
    expect(routeOf('gone')).toMatchObject({ queue: 'default' });
  });

  it('is joined or reopened by no flag, no lead, no bulk job and no other system', () => {
    const file = open();
    const another = () => openCase(file.state(), flag({ flaggedBy: 'acc-8', position: 99 }));
    const job = { jobId: 'bulk-1', action: 'dismiss' as const, filter: {} };
    const bulk = { caseId: CASE_ID, by: 'lena', job, startedAt: NOW, position: 99, now: NOW };
    const confirmed = { caseId: CASE_ID, categories: [], reviewers: ['x'] };
    expect(another()).toEqual([]);
    expect(thrown(() => handleInBulk(file.state(), bulk, facts))).toEqual(code('golden-case'));
    const outside = () => vote(file.state(), 'x', 'unsafe', { reviewerSource: '/tool' });
    for (const act of [outside, () => importReviewConfirmed(file.state(), confirmed, {})])
      expect(thrown(act)).toEqual(code('case-unknown'));
    file.append(vote(file.state(), 'rev-1', 'safe'));
    expect(another()).toEqual([]);
    const reopening = { caseId: CASE_ID, by: 'lena', reason: 'r', panelSize: 1 };
    expect(thrown(() => reopenCase(file.state(), reopening, false))).toEqual(code('golden-case'));
  });

  it('is withdrawn once nobody has it or has judged it', () => {
    const file = open();
    expect(types(withdrawGolden(file.state(), CASE_ID, NOW))).toEqual(['GoldenCaseWithdrawn']);
    expect(withdrawGolden(claimedBy(file.state(), 'rev-1'), CASE_ID, NOW)).toEqual([]);
    const judged = fold(caseStream, vote(file.state(), 'rev-1', 'unsure'), file.state());
    expect(withdrawGolden(judged, CASE_ID, NOW)).toEqual([]);
    file.append(withdrawGolden(file.state(), CASE_ID, NOW));
    expect(file.state().status).toBe('dismissed');
    expect(withdrawGolden(file.state(), CASE_ID, NOW)).toEqual([]);
    const flagged = caseFile().append(openCase(caseStream.initial, flag()));
    expect(withdrawGolden(flagged.state(), CASE_ID, NOW)).toEqual([]);
  });
});

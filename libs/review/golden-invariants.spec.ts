import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CASE_ID, flag, LEASE_MS, NOW } from '../../test/support/case-file.js';
import { foldView, recorded } from '../../test/support/fold-view.js';
import { fold } from '../kernel/decider.js';
import type { JsonObject } from '../kernel/envelope.js';
import { GatehouseError } from '../kernel/errors.js';
import { caseStream } from './case.js';
import { claimCase, escalateCase, handOverCase, holdCase, releaseCase, reopenCase } from './claim-decisions.js';
import type { CaseEvent } from './events.js';
import { openCase } from './flag-decisions.js';
import { withdrawGolden } from './golden-answers.js';
import { addGoldenCase, drawGoldenCase, goldenStream, presentGoldenCase, retireGoldenCase } from './golden-case.js';
import type { GoldenEvent } from './golden-events.js';
import { importReviewConfirmed } from './outside-confirmation.js';
import { openUnflagged } from './unflagged-cases.js';
import { closeVerdicts, giveVerdict, withdrawVerdict } from './verdict-decisions.js';
import { casesView } from './views/cases.js';
import { goldenCasesView } from './views/golden-cases.js';

const SEED = 43;
const RUNS = 500;
const REVIEWERS = ['rita', 'rob', 'ruth'];
const goldenId = CASE_ID;

const reviewer = fc.constantFrom(...REVIEWERS);
const step = fc.oneof(
  fc.record({ kind: fc.constant('clock' as const), ms: fc.integer({ min: 1, max: 2 * LEASE_MS }) }),
  fc.record({ kind: fc.constantFrom('draw' as const, 'present' as const, 'open' as const, 'retire' as const) }),
  fc.record({ kind: fc.constantFrom('withdraw-case' as const, 'close' as const, 'flag' as const, 'outside' as const) }),
  fc.record({ kind: fc.constantFrom('reopen' as const, 'escalate' as const), reviewer }),
  fc.record({
    kind: fc.constantFrom('claim' as const, 'release' as const, 'hold' as const, 'take-back' as const),
    reviewer,
  }),
  fc.record({ kind: fc.constant('hand-over' as const), reviewer, to: reviewer }),
  fc.record({
    kind: fc.constant('verdict' as const),
    reviewer,
    verdict: fc.constantFrom('safe' as const, 'unsafe' as const, 'unsure' as const, 'model-problem' as const),
    // How long it can be taken back.
    windowMs: fc.constantFrom(0, 60_000),
  }),
);
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

interface Life {
  golden: GoldenEvent[];
  case: CaseEvent[];
  log: (GoldenEvent | CaseEvent)[];
}

/** What each step decides, as its command or process would. */
function run(steps: readonly Step[], panelSize: number, isSampled: boolean): Life {
  const life: Life = { golden: [], case: [], log: [] };
  let now = NOW;
  const facts = { furtherReview: { isSampled, deactivates: () => false } };
  const golden = () => fold(goldenStream, life.golden);
  const state = () =>
    fold(
      caseStream,
      life.case.map((event, n) => ({ ...event, position: n + 1 })),
    );
  const onGolden = (events: readonly GoldenEvent[]) => {
    life.golden.push(...events);
    life.log.push(...events);
  };
  const onCase = (events: readonly CaseEvent[]) => {
    life.case.push(...events);
    life.log.push(...events);
  };
  const answer = { verdict: 'unsafe' as const, clause: 'violent' };
  const data = {
    goldenId,
    accountId: 'acc-7',
    accountStatus: 'onboarded' as const,
    ...answer,
    categories: [],
    by: 'lena',
  };
  onGolden(addGoldenCase(golden(), data));
  const at = () => new Date(now).toISOString();
  const use = (by: string) => ({ caseId: CASE_ID, reviewer: by, token: state().claims });
  const acts: { [Kind in Step['kind']]: (one: Extract<Step, { kind: Kind }>) => void } = {
    clock: ({ ms }) => {
      now += ms;
    },
    draw: () => onGolden(drawGoldenCase(golden(), { goldenId, because: 'event-1', opensAt: at() })),
    present: () => onGolden(presentGoldenCase(golden(), { goldenId, generatedAt: at(), reach: 0 })),
    open: () => {
      // An interrupted opening is repeated, also after a retirement that came between.
      if (!golden().presented) return;
      const opening = {
        imageId: CASE_ID,
        accountId: 'acc-7',
        origin: 'golden' as const,
        categories: [],
        golden: { ...answer, reach: 0 },
      };
      onCase(openUnflagged(state(), { ...opening, chosenAt: at(), panelSize }));
    },
    retire: () => onGolden(retireGoldenCase(golden(), { goldenId, reason: 'r' })),
    'withdraw-case': () => {
      if (golden().isRetired) onCase(withdrawGolden(state(), CASE_ID, now));
    },
    close: () => onCase(closeVerdicts(state(), { caseId: CASE_ID, now }, facts)),
    flag: () => {
      if (state().origin === 'golden') onCase(openCase(state(), flag({ flaggedBy: 'acc-8', position: 10_000 })));
    },
    outside: () =>
      onCase(importReviewConfirmed(state(), { caseId: CASE_ID, categories: [], reviewers: ['x', 'y', 'z'] }, facts)),
    reopen: ({ reviewer: by }) => onCase(reopenCase(state(), { caseId: CASE_ID, by, reason: 'r', panelSize }, false)),
    escalate: ({ reviewer: by }) => onCase(escalateCase(state(), { ...use(by), by, isLead: false })),
    claim: ({ reviewer: by }) =>
      onCase(claimCase(state(), { caseId: CASE_ID, reviewer: by, isLead: false, now, leaseMs: LEASE_MS }, facts)),
    release: ({ reviewer: by }) => onCase(releaseCase(state(), use(by))),
    hold: ({ reviewer: by }) => onCase(holdCase(state(), { ...use(by), until: now + LEASE_MS, now })),
    'take-back': ({ reviewer: by }) => onCase(withdrawVerdict(state(), { caseId: CASE_ID, reviewer: by, now })),
    'hand-over': ({ reviewer: by, to }) =>
      onCase(handOverCase(state(), { caseId: CASE_ID, by, token: state().claims, isLead: false, to, now }, facts)),
    verdict: ({ reviewer: by, verdict, windowMs }) => {
      onCase(claimCase(state(), { caseId: CASE_ID, reviewer: by, isLead: false, now, leaseMs: LEASE_MS }, facts));
      const founded = verdict === 'unsafe' ? { clause: 'violent', rationale: 'a wound' } : {};
      onCase(giveVerdict(state(), { ...use(by), verdict, ...founded, now, windowMs }, facts));
    },
  };
  for (const one of steps) {
    try {
      (acts[one.kind] as (given: Step) => void)(one);
    } catch (error) {
      if (!(error instanceof GatehouseError)) throw error;
    }
  }
  return life;
}

it('touches no account and reaches no reviewer twice, however claims, leases, verdicts and retirement interleave', () => {
  let answered = 0;
  let withdrawn = 0;
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60 }),
      fc.integer({ min: 1, max: 2 }),
      fc.boolean(),
      (steps, panelSize, isSampled) => {
        const start: Step[] = [{ kind: 'draw' }, { kind: 'present' }, { kind: 'open' }];
        const life = run([...start, ...steps], panelSize, isSampled);
        const types = life.case.map(({ type }) => type);
        for (const type of types)
          expect(type).not.toMatch(/^(ReviewConfirmed|ReviewDismissed|ModelProblemFound|CaseJoined|CaseReopened)$/);
        expect(types.filter((type) => type === 'CaseOpened').length).toBeLessThanOrEqual(1);
        const ends = types.filter((type) => /^GoldenCase(Answered|Withdrawn)$/.test(type));
        expect(ends.length).toBeLessThanOrEqual(1);
        if (ends.length > 0) expect(types.at(-1)).toBe(ends[0]);
        // Who has judged it never gets it again, unless they took their verdict back.
        const judged = new Set<string>();
        for (const { type, data } of life.case) {
          if (type === 'CaseClaimed') expect(judged).not.toContain(data.reviewer);
          if (type === 'VerdictGiven') {
            expect(judged).not.toContain(data.reviewer);
            judged.add(data.reviewer);
          }
          if (type === 'VerdictWithdrawn') judged.delete(data.reviewer);
          if (type === 'GoldenCaseAnswered') {
            const names = data.answers.map(({ reviewer: name }) => name);
            expect(new Set(names).size).toBe(names.length);
            for (const name of names) expect(judged).toContain(name);
            answered++;
          }
          if (type === 'GoldenCaseWithdrawn') withdrawn++;
        }
        const log = life.log.map(({ type, data }, n) => recorded(n + 1, type, data as JsonObject));
        const buckets = Object.keys(foldView(casesView, log).counters);
        // Cells count cases, and neither accounts nor flaggers.
        expect(buckets.filter((bucket) => !/^(queue:|cell)/.test(bucket))).toEqual([]);
        const { once, again } = {
          once: foldView(goldenCasesView, log),
          again: foldView(goldenCasesView, [...log, ...log]),
        };
        expect(again).toEqual(once);
      },
    ),
    { seed: SEED, numRuns: RUNS },
  );
  // Otherwise the runs would prove nothing.
  expect(answered).toBeGreaterThan(0);
  expect(withdrawn).toBeGreaterThan(0);
});

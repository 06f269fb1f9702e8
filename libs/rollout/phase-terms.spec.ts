import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { recorded } from '../../test/support/fold-view.js';
import { NOW, terms as RATE_TERMS, rate, rateWorld } from '../../test/support/rate-world.js';
import { DAY_MS, toIso } from '../kernel/clock.js';
import { fold, foldRecorded } from '../kernel/decider.js';
import { GatehouseError } from '../kernel/errors.js';
import { type PhaseEvent, phaseRestrictionsStream, restrictionsInForce } from '../switches/index.js';
import { admitJoined } from './admission.js';
import { approveChange, type Proposal, proposeChange } from './approvals.js';
import { effectOrLapse } from './change-rollout.js';
import { restrictedAt } from './changes.js';
import type { RolloutEvent } from './events.js';
import { holdPlaces } from './hold-places.js';
import { allowsClass, type Phase } from './phase.js';
import { admitCohort, type Rollout, rolloutStream } from './rollout.js';
import { rolloutWords } from './rollout-words.js';

const code = (value: string) => expect.objectContaining({ code: value });
const preview: Omit<Proposal, 'does'> & { does: 'set-phase' } = {
  ...{ does: 'set-phase', changeId: 'r-1', phase: 'preview', reason: 'known people first' },
  ...{ classes: ['staff', 'testers'], restrictions: ['share', 'photorealistic-faces'] },
};
const terms = { classes: preview.classes, restrictions: preview.restrictions };
const decided = (proposal: Partial<typeof preview> = {}) => {
  const one = rateWorld(rate(1000));
  one.propose({ ...preview, ...proposal });
  one.approve(proposal.changeId ?? 'r-1', 'omar');
  return one;
};

describe('whom a phase names and what it restricts', () => {
  it('are set with it by two persons, replaced by the next phase, and begin a stage of the gate', () => {
    const one = decided();
    expect(one.stored.at(-1)!.event).toMatchObject({
      type: 'RolloutPhaseSet',
      data: { phase: 'preview', ...terms, before: 'weekly', by: 'olga', approvedBy: 'omar' },
    });
    expect(one.state.phase).toEqual({ phase: 'preview', ...terms });
    expect(one.propose({ ...preview, changeId: 'r-2' })).toEqual([]);
    expect(one.propose({ ...preview, changeId: 'r-2', classes: ['testers', 'staff'] })).toEqual([]);
    one.propose({ ...preview, changeId: 'r-3', restrictions: ['share'] });
    expect(one.approve('r-3', 'omar')[1]).toMatchObject({
      data: { restrictions: ['share'], classesBefore: terms.classes, restrictionsBefore: terms.restrictions },
    });
    one.propose({ does: 'set-phase', changeId: 'r-4', phase: 'open', reason: 'a test' });
    one.approve('r-4', 'omar');
    expect(one.state.phase).toEqual({ phase: 'open' });
    expect(one.state.gate.stages.map(({ cause, what }) => [cause, what])).toEqual([
      ['rate-raised', '1000 people a week'],
      ['phase-changed', 'preview, only for staff and testers, with share and photorealistic-faces restricted'],
      ['phase-changed', 'preview, only for staff and testers, with share restricted'],
      ['phase-changed', 'open'],
    ]);
  });

  it('begin no stage if only the ceiling or joining the line changes', () => {
    const one = decided();
    one.propose({ ...preview, changeId: 'r-2', ceiling: 50, restrictions: [...terms.restrictions!, 'join'] });
    expect(one.approve('r-2', 'omar')).toHaveLength(2);
    expect(one.state.gate.stages).toHaveLength(2);
  });

  it('come back with a revert', () => {
    const one = decided();
    one.propose({ does: 'set-phase', changeId: 'r-2', phase: 'open', reason: 'a test' });
    one.approve('r-2', 'omar');
    one.revert(one.stored.length, { changeId: 'r-3' });
    one.approve('r-3', 'omar');
    expect(one.state.phase).toEqual({ phase: 'preview', ...terms });
  });

  it('are in the words of the rollout, of a proposal and of what a raise needs', () => {
    const one = decided();
    const words = rolloutWords(one.state, NOW).join(' ');
    expect(words).toContain('Only people of staff and testers come in.');
    expect(words).toContain('The phase restricts share and photorealistic-faces for everybody until it ends.');
    expect(() => one.propose({ ...preview, changeId: 'r-2', perWeek: 3000 })).toThrow(
      "propose-phase preview 'REASON' --classes staff,testers --restrict share,photorealistic-faces --rate 3000",
    );
  });
});

describe('a change that was asked for before less was allowed', () => {
  const later = { effectiveAt: toIso(NOW + DAY_MS) };
  /** A proposal that waits and another that is planned, both of which name and restrict as given; then one that is in force. */
  const between = (wanted: Partial<Phase>, narrower: Partial<Phase>) => {
    const one = rateWorld(rate(1000));
    const propose = (changeId: string, given: Partial<Phase>, when = {}) =>
      one.propose({ does: 'set-phase', changeId, phase: 'weekly', reason: 'a test', ...given, ...when });
    propose('r-1', { ceiling: 900, ...wanted });
    propose('r-2', { ceiling: 900, ...wanted }, later);
    one.approve('r-2', 'omar');
    propose('r-3', { ceiling: 900, ...narrower });
    one.approve('r-3', 'omar');
    return one;
  };

  it.each([
    ['a class', { classes: ['artists', 'testers'] }, { classes: ['testers'] }],
    ['all classes', {}, { classes: ['testers'] }],
    ['an action', { restrictions: ['share' as const] }, { restrictions: ['download' as const] }],
  ])('does not allow %s again: it is not approved, and lapses', (_, wanted, narrower) => {
    const one = between(wanted, narrower);
    expect(() => one.approve('r-1', 'omar')).toThrow(code('phase-narrowed'));
    expect(one.tick(NOW + DAY_MS)).toMatchObject([
      {
        type: 'RolloutChangeEnded',
        data: { how: 'lapsed', reason: expect.stringMatching(/weekly with .*(only for|restricted)/) },
      },
    ]);
    expect(one.state.phase).toMatchObject(narrower);
  });

  it('takes effect if it allows nothing more', () => {
    const one = between({ classes: ['testers'], restrictions: ['share'] }, { classes: ['testers', 'artists'] });
    expect(one.approve('r-1', 'omar')).toHaveLength(2);
    expect(one.tick(NOW + DAY_MS)).toMatchObject([
      { data: { how: 'lapsed', reason: expect.stringMatching(/nothing was left/) } },
    ]);
    expect(one.state.phase).toMatchObject({ classes: ['testers'], restrictions: ['share'] });
  });
});

describe('people of classes that the phase leaves out', () => {
  const classOf = new Map([
    ['ann', 'testers'],
    ['ben', 'general'],
  ]);
  const now = NOW;

  it('come in by no listed cohort or invitation', () => {
    const { state } = decided({ phase: 'invitations' });
    const listed = (...accounts: string[]) => admitCohort(state, { cohortId: 'c', now, accounts, classOf });
    expect(listed('ann')).toMatchObject([{ data: { accounts: ['ann'], classes: terms.classes } }]);
    const refused = expect.objectContaining({
      ...{ code: 'phase-refuses', details: { phase: 'invitations', accounts: ['ben', 'cem'] } },
      message: expect.stringContaining('ben (general), cem (no class)'),
    });
    expect(() => listed('ann', 'ben', 'cem')).toThrow(refused);
    const invite = (...accounts: string[]) =>
      holdPlaces(state, { batchId: 'b', accounts, classOf, until: NOW + 1, now });
    expect(invite('ann')).toMatchObject([{ data: { classes: terms.classes } }]);
    expect(() => invite('ben')).toThrow(code('phase-refuses'));
  });

  it('are left to the choice of a cohort from the line or at joining, which names the classes', () => {
    const { state } = decided({ phase: 'open' });
    expect(admitCohort(state, { cohortId: 'c', now, size: 5 })).toMatchObject([{ data: { classes: terms.classes } }]);
    expect(admitJoined(state, now, 500)).toMatchObject([{ data: { classes: terms.classes } }]);
    const [event] = admitJoined(decided({ phase: 'open', classes: undefined } as never).state, now, 500);
    expect(event!.data).not.toHaveProperty('classes');
  });

  it('are nobody while a phase is due that names others', () => {
    const one = decided({ phase: 'open' });
    one.propose({ ...preview, changeId: 'r-2', classes: ['artists'], effectiveAt: toIso(NOW + DAY_MS) });
    one.approve('r-2', 'omar');
    const due = NOW + DAY_MS;
    expect(restrictedAt(one.state, due).phase.classes).toEqual([]);
    expect(() => admitCohort(one.state, { cohortId: 'c', now: due, accounts: ['ann'] })).toThrow(code('phase-refuses'));
    expect(admitJoined(one.state, due, 500)).toEqual([]);
    one.tick(due);
    expect(one.state.phase).toMatchObject({ phase: 'preview', classes: ['artists'] });
  });
});

describe('a broken event that may have set the phase', () => {
  const broken = { ...recorded(7, 'RolloutPhaseSet', {}), stream: 'rollout', fault: 'its data lacks phase' };

  it('admits nobody until two persons set the phase, also the one that there was', () => {
    const { state: before } = rateWorld(rate(1000));
    const state = foldRecorded(rolloutStream, [broken], before);
    expect(() => admitCohort(state, { cohortId: 'c', now: NOW, size: 1 })).toThrow(/position 7.*can't be read/);
    expect(rolloutWords(state, NOW).join(' ')).toContain(
      "The event at position 7, which may have set the phase, can't be read",
    );
    const set: RolloutEvent = {
      type: 'RolloutPhaseSet',
      data: { phase: 'weekly', before: 'weekly', reason: 'a test' },
    };
    expect(admitCohort(fold(rolloutStream, [set], state), { cohortId: 'c', now: NOW, size: 1 })).toHaveLength(1);
    expect(foldRecorded(rolloutStream, [{ ...broken, type: 'CohortClosed' }], before)).toEqual(before);
  });

  it('is followed by no phase that was planned or proposed before it', () => {
    const one = rateWorld(rate(1000));
    const at = toIso(NOW + DAY_MS);
    one.propose({ ...preview, changeId: 'planned', phase: 'open', effectiveAt: at });
    one.approve('planned', 'omar');
    one.propose({ ...preview, changeId: 'proposed', phase: 'open' });
    const plan = one.state.changes.planned[0]!;
    const state = foldRecorded(rolloutStream, [{ ...broken, position: one.stored.length + 1 }], one.state);
    expect(effectOrLapse(state, plan, RATE_TERMS)).toMatchObject([
      { type: 'RolloutChangeEnded', data: { how: 'lapsed', reason: expect.stringContaining("can't be read") } },
    ]);
    const asking = { by: 'omar', now: NOW, terms: RATE_TERMS };
    expect(() => approveChange(state, { changeId: 'proposed' }, asking)).toThrow(code('phase-narrowed'));
    const later = fold(rolloutStream, proposeChange(state, { ...preview, changeId: 'later' }, asking), state);
    const position = one.stored.length + 2;
    const proposed = later.changes.proposed.map((change) =>
      change.changeId === 'later' ? { ...change, position } : change,
    );
    const known = { ...later, changes: { ...later.changes, proposed } };
    expect(approveChange(known, { changeId: 'later' }, { ...asking, by: 'olga' })).toHaveLength(2);
  });
});

const CLASSES = ['staff', 'testers', 'artists'] as const;
const RESTRICTIONS = ['share', 'join', 'photorealistic-faces'] as const;
const phaseTerms = fc.record({
  phase: fc.constantFrom('preview' as const, 'weekly' as const, 'open' as const),
  ceiling: fc.option(fc.constantFrom(100, 1000), { nil: undefined }),
  classes: fc.option(fc.uniqueArray(fc.constantFrom(...CLASSES), { minLength: 1 }), { nil: undefined }),
  restrictions: fc.option(fc.uniqueArray(fc.constantFrom(...RESTRICTIONS), { minLength: 1 }), { nil: undefined }),
});
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('propose' as const), terms: phaseTerms, days: fc.nat(4) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('approve' as const), which: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), which: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('passes' as const), days: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('tick' as const) }) },
);

type Known = Extract<RolloutEvent, { type: PhaseEvent['type'] }>;
const isKnown = (event: RolloutEvent): event is Known =>
  phaseRestrictionsStream.events.some(({ type }) => type === event.type);

/** What a phase forbids, each by itself. */
const forbids = ({ phase, ceiling = 1e9, classes, restrictions = [] }: Phase): Set<string> =>
  new Set([
    ...['invitations', 'weekly', 'open'].slice(['preview', 'invitations', 'weekly', 'open'].indexOf(phase)),
    ...[101, 1001].filter((people) => people > ceiling).map((people) => `${people} people`),
    ...[...CLASSES, 'others'].filter((name) => !allowsClass({ ...(classes && { classes }) }, name)),
    ...restrictions,
  ]);

describe('any history of phases', () => {
  it('restricts at access decisions what it restricts at admissions, at every moment', () => {
    let restricted = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 10, maxLength: 40, size: 'max' }), (steps) => {
        let now = NOW;
        let asked = 0;
        const one = rateWorld(rate(1000));
        for (const given of steps) {
          perform(one, given, now, asked++);
          if (given.kind === 'passes') now += given.days * DAY_MS;
          const events: (PhaseEvent & { metadata: { time: string } })[] = one.stored.flatMap(({ event, time }) =>
            isKnown(event) ? [{ ...(event as PhaseEvent), metadata: { time } }] : [],
          );
          const known = fold(phaseRestrictionsStream, events);
          for (const at of [now, now + DAY_MS, now + 4 * DAY_MS]) {
            const expected = [...(restrictedAt(one.state, at).phase.restrictions ?? [])].sort();
            expect(
              restrictionsInForce(known, at)
                .map(({ restriction }) => restriction as string)
                .sort(),
            ).toEqual(expected);
            restricted += expected.length;
          }
        }
      }),
      { numRuns: 300, seed: 93 },
    );
    expect(restricted).toBeGreaterThan(1000);
  });

  it('allows nothing again that was forbidden after a change was asked for that was decided before', () => {
    let kept = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 10, maxLength: 40, size: 'max' }), (steps) => {
        let now = NOW;
        const one = rateWorld(rate(1000));
        const basis = new Map<string, Phase>();
        for (const [n, given] of steps.entries()) {
          const from = one.stored.length;
          const isDone = perform(one, given, now, n);
          kept += isDone ? 0 : 1;
          if (given.kind === 'passes') now += given.days * DAY_MS;
          for (const { event, before } of one.stored.slice(from)) {
            if (event.type === 'RolloutChangeProposed')
              basis.set(event.data.changeId, expected(before, event.data, now));
            if (event.type !== 'RolloutPhaseSet') continue;
            const asked = forbids(basis.get(event.data.changeId!)!);
            const after = forbids(fold(rolloutStream, [event], before).phase);
            for (const what of forbids(before.phase))
              if (!after.has(what)) expect([what, asked.has(what)]).toEqual([what, true]);
          }
        }
      }),
      { numRuns: 300, seed: 94 },
    );
    expect(kept).toBeGreaterThan(50);
  });
});

/** With what a proposal was compared: it takes effect after what is planned for before. */
function expected(state: Rollout, { effectiveAt }: { effectiveAt?: string }, now: number): Phase {
  const at = effectiveAt === undefined ? now : Date.parse(effectiveAt);
  return state.changes.planned
    .filter((plan) => Date.parse(plan.effectiveAt) <= at)
    .reduce((phase, plan) => (plan.phase === undefined ? phase : { ...plan, phase: plan.phase }), state.phase);
}

/** False for a change that is refused. */
function perform(
  one: ReturnType<typeof rateWorld>,
  given: typeof step extends fc.Arbitrary<infer Step> ? Step : never,
  now: number,
  n: number,
): boolean {
  const ids = [...one.state.changes.proposed, ...one.state.changes.planned].map(({ changeId }) => changeId);
  try {
    if (given.kind === 'propose') {
      const { phase, ...others } = given.terms;
      const named = Object.fromEntries(Object.entries(others).filter(([, value]) => value !== undefined));
      const effectiveAt = given.days === 0 ? {} : { effectiveAt: toIso(now + given.days * DAY_MS) };
      const proposal = { does: 'set-phase', changeId: `r-${n}`, phase, reason: 'a test' } as const;
      one.propose({ ...proposal, ...named, ...effectiveAt }, 'olga', now);
    } else if (given.kind === 'approve') one.approve(ids[given.which % ids.length] ?? '', 'omar', now);
    else if (given.kind === 'cancel') one.cancel(ids[given.which % ids.length] ?? '', now);
    else if (given.kind === 'tick') one.tick(now);
    return true;
  } catch (error) {
    if (!(error instanceof GatehouseError)) throw error;
    return false;
  }
}

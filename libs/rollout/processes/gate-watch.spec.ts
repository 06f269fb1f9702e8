import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { dyingAfter } from '../../../test/support/dying-log.js';
import { LittleEvidence } from '../../../test/support/evidence-views.js';
import { type GateWorld, gateWorld, rateOf } from '../../../test/support/gate-world.js';
import type { EventStore } from '../../event-store/event-store.js';
import { DAY_MS, toIso } from '../../kernel/clock.js';
import { projectorLock } from '../../projections/projector.js';
import { LockSession } from '../../subscriptions/lock-session.js';
import { setGateParameters } from '../gate-stage.js';
import { admitCohort } from '../rollout.js';

let world: GateWorld;
beforeEach(async () => {
  world = await gateWorld();
  await world.projector.processAll();
  await world.decide(({ gate }) => [
    ...setGateParameters(gate, { labelDelayDays: 0, accountDays: 1, silenceDays: 5 }, 'a test'),
    rateOf(1000),
  ]);
});
afterEach(() => world.close());

const expose = async (imageId: string, accountId: string) => {
  await world.generate(imageId, accountId);
  await world.share(imageId, accountId);
};
/** A cohort of one account with as many confirmed violations as show harm. */
async function harm(cohortId: string) {
  await world.onboard(`${cohortId}-a`, cohortId);
  for (let n = 0; n < 4; n++) {
    await expose(`${cohortId}-${n}`, `${cohortId}-a`);
    await world.flag(`${cohortId}-${n}`);
    await world.confirm(`${cohortId}-${n}`, `${cohortId}-a`);
  }
}
/** A log in which another model begins a stage while the evidence is read. */
function beginningAStage({ store, decide }: GateWorld): EventStore {
  const changing = Object.create(store) as EventStore;
  let hasChanged = false;
  changing.readAll = async (...asked) => {
    if (!hasChanged) await decide(() => [{ type: 'ModelChanged', data: { model: 'm-2', reason: 'a test' } }]);
    hasChanged = true;
    return store.readAll(...asked);
  };
  return changing;
}
const outcomes = async () => (await world.moves()).map(({ data }) => data.outcome);
const admit = () =>
  world.decide((state) =>
    admitCohort(state, { cohortId: `c-${state.cohorts.length}`, now: world.clock.now(), size: 1 }),
  );

describe('the watch of the gate', () => {
  it('holds without evidence, and people are admitted', async () => {
    await world.projector.processAll();
    await world.watch().tick();
    await world.watch().tick();
    expect(await outcomes()).toEqual(['hold']);
    await world.watch().beforeAdmission();
    expect((await admit()).events).toHaveLength(1);
  });

  it('stops admissions in the tick that finds harm, once, and frees them when it is reversed by another model', async () => {
    await harm('h');
    await world.projector.processAll();
    await world.watch().tick();
    expect(await outcomes()).toEqual(['brake']);
    await expect(admit()).rejects.toMatchObject({
      code: 'gate-braked',
      details: { reasons: expect.arrayContaining(['cohort-harm']) },
    });
    await world.watch().tick();
    expect(await outcomes()).toEqual(['brake']);
    await world.decide(() => [{ type: 'ModelChanged', data: { model: 'm-2', reason: 'a test' } }]);
    await world.projector.processAll();
    await world.watch().tick();
    expect(await outcomes()).toEqual(['brake', 'hold']);
    expect((await admit()).events).toHaveLength(1);
  });

  it('stops admissions without any tick: an admission looks first', async () => {
    await harm('h');
    await world.projector.processAll();
    await world.watch().beforeAdmission();
    await expect(admit()).rejects.toMatchObject({ code: 'gate-braked' });
    expect(await outcomes()).toEqual(['brake']);
  });

  it('does not move for what no view has, and moves once they have it', async () => {
    await harm('h');
    await world.watch().beforeAdmission();
    expect(await outcomes()).toEqual([]);
    await world.projector.processAll();
    await world.watch().beforeAdmission();
    expect(await outcomes()).toEqual(['brake']);
  });

  it('brakes if figures stop, and ends that once they arrive again', async () => {
    await world.onboard('a', 'c');
    await expose('i-1', 'a');
    await world.projector.processAll();
    world.clock.ahead = 6 * DAY_MS;
    await world.watch().tick();
    expect((await world.rollout()).gate.move).toMatchObject({
      outcome: 'brake',
      reasons: expect.arrayContaining(['figures-stopped']),
    });
    world.clock.ahead = DAY_MS;
    await expose('i-2', 'a');
    await world.projector.processAll();
    await world.watch().tick();
    expect(await outcomes()).toEqual(['brake', 'hold']);
  });

  it('moves once if several processes look at the same time', async () => {
    await harm('h');
    await world.projector.processAll();
    await Promise.all([1, 2, 3, 4].map(() => world.watch().tick()));
    expect(await outcomes()).toEqual(['brake']);
  });

  it('begins a stage once and moves once if a process looks twice at the same time', async () => {
    await world.append('policy', 'ContentPolicyPublished', { version: 'p-1' });
    await world.projector.processAll();
    const watch = world.watch();
    await Promise.all([watch.tick(), watch.tick(), watch.beforeAdmission()]);
    expect((await world.rollout()).gate.stages.map(({ cause }) => cause)).toEqual(['rate-raised', 'policy-changed']);
    expect(await outcomes()).toEqual(['hold']);
  });

  it('stores no move by the evidence of a stage that has ended meanwhile', async () => {
    await harm('h');
    await world.projector.processAll();
    const watch = world.watch(beginningAStage(world));
    await watch.beforeAdmission();
    expect(await outcomes()).toEqual([]);
    await world.watch().beforeAdmission();
    expect(await outcomes()).toEqual([]);
  });

  it('stores no move by evidence that is older than that of another move', async () => {
    await world.projector.processAll();
    const meanwhile = Object.create(world.store) as EventStore;
    const watch = world.watch(meanwhile);
    let isFirst = true;
    meanwhile.readAll = async (...asked) => {
      const found = isFirst;
      isFirst = false;
      if (found) {
        await harm('h');
        await world.projector.processAll();
        await watch.beforeAdmission();
      }
      return world.store.readAll(...asked);
    };
    await watch.tick();
    expect(await outcomes()).toEqual(['brake']);
  });

  it('lets people in before the views are built for the first time, and not while they are built again', async () => {
    const setLive = (isLive: boolean) => world.pool.query('UPDATE projections.builds SET live = $1', [isLive]);
    await setLive(false);
    await world.watch().beforeAdmission();
    expect((await admit()).events).toHaveLength(1);
    await setLive(true);
    await world.projector.processAll();
    await world.watch().tick();
    expect(await outcomes()).toEqual(['hold']);
    await setLive(false);
    await expect(world.watch().beforeAdmission()).rejects.toThrow('not built');
    const until = toIso(world.clock.now() + DAY_MS);
    const override = { overrideId: 'o-1', outcome: 'hold' as const, reason: 'a test', until };
    await world.decide(() => [
      { type: 'GateOverrideProposed', data: override },
      { type: 'GateOverrideApproved', data: { ...override, proposedBy: 'omar' } },
    ]);
    await world.watch().beforeAdmission();
  });

  it('decides nothing by a part of the evidence, and admits nobody until a tick has counted the rest', async () => {
    await world.watch().tick();
    expect(await outcomes()).toEqual(['hold']);
    await harm('h');
    await world.projector.processAll();
    // As after an upgrade that counts otherwise.
    await world.pool.query('DELETE FROM gate.evidence');
    const watch = world.watch(world.store, new LittleEvidence(world.pool));
    await expect(watch.beforeAdmission()).rejects.toThrow(/the evidence of the gate, counted up to position/);
    expect(await outcomes()).toEqual(['hold']);
    await watch.tick();
    expect(await outcomes()).toEqual(['hold', 'brake']);
  });

  it('lets people in while the first evidence of all is counted', async () => {
    await harm('h');
    await world.projector.processAll();
    await world.watch(world.store, new LittleEvidence(world.pool)).beforeAdmission();
    expect(await outcomes()).toEqual([]);
    expect((await admit()).events).toHaveLength(1);
  });

  it('begins no stage because the clock goes back to before a policy was in force', async () => {
    const effectiveFrom = toIso(world.clock.now() - 60_000);
    await world.append('policy', 'ContentPolicyPublished', { version: 'p-1', effectiveFrom });
    await world.watch().tick();
    world.clock.ahead = 0;
    await world.watch().tick();
    expect((await world.rollout()).gate.stages.map(({ cause }) => cause)).toEqual(['rate-raised', 'policy-changed']);
  });

  it('moves once if a process dies while it stores the move', async () => {
    await harm('h');
    await world.projector.processAll();
    await expect(world.watch(dyingAfter(world.store, 0)).tick()).rejects.toThrow('killed');
    expect(await outcomes()).toEqual([]);
    await world.watch().tick();
    await world.watch().tick();
    expect(await outcomes()).toEqual(['brake']);
  });

  it('begins a stage once with a policy in force and with a ladder, and says who and why', async () => {
    await world.append('policy', 'ContentPolicyPublished', { version: 'p-1' });
    await world.projector.processAll();
    await Promise.all([world.watch().tick(), world.watch().tick()]);
    const entries = [{ steps: [{ strikes: 1, measure: 'deactivate' }] }];
    await world.append('ladder', 'LadderSet', { entries, reason: 'an appeal' });
    await world.projector.processAll();
    await Promise.all([world.watch().tick(), world.watch().tick()]);
    await world.watch().tick();
    const { stages } = (await world.rollout()).gate;
    expect(stages).toMatchObject([
      { cause: 'rate-raised', ordinal: 1 },
      { cause: 'policy-changed', what: 'p-1', by: { id: 'contract' }, ordinal: 2 },
      { cause: 'ladder-changed', reason: 'an appeal', by: { id: 'contract' }, ordinal: 3 },
    ]);
  });
});

describe('gate explain', () => {
  it('agrees with every move of any history, counted again from the log', async () => {
    const account = fc.nat(3);
    const image = fc.nat(11);
    const step = fc.oneof(
      fc.tuple(fc.constant('onboard' as const), account, fc.nat(2)),
      fc.tuple(fc.constant('generate' as const), image, account),
      fc.tuple(fc.constant('share' as const), image, account),
      fc.tuple(fc.constant('flag' as const), image, account),
      fc.tuple(fc.constant('openCase' as const), image, account),
      fc.tuple(fc.constant('confirm' as const), image, account),
      fc.tuple(fc.constant('dismiss' as const), image, account),
      fc.tuple(
        fc.constantFrom('project' as const, 'look' as const, 'raise' as const, 'days' as const),
        fc.nat(3),
        fc.nat(3),
      ),
    );
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
        round += 1;
        const before = (await world.moves()).length;
        for (const [what, one, other] of steps) {
          const [a, c, i] = [`a-${round}-${one}`, `c-${round}-${other}`, `i-${round}-${one}`];
          const owner = `a-${round}-${other}`;
          if (what === 'onboard') await world.onboard(a, c);
          else if (what === 'project') await world.projector.processAll();
          else if (what === 'look') await world.watch().beforeAdmission();
          else if (what === 'raise') await world.decide(({ perWeek }) => [rateOf(perWeek! + one + 1)]);
          else if (what === 'days') world.clock.ahead += one * DAY_MS;
          else if (what === 'flag' || what === 'dismiss') await world[what](i);
          else await world[what](i, owner);
        }
        await world.projector.processAll();
        await world.watch().tick();
        for (const { position } of (await world.moves()).slice(before)) {
          const { agrees, differences, move } = await world.explain(position);
          expect({ agrees, differences, move }).toEqual({ agrees: true, differences: [], move: String(position) });
        }
      }),
      { numRuns: 6 },
    );
    expect((await world.moves()).length).toBeGreaterThan(3);
  });

  it('agrees if some shards of a view were further than others', async () => {
    await world.projector.processAll();
    const other = new LockSession(world.connection);
    await harm('h');
    const held = await other.hold(projectorLock(0));
    await world.projector.processAll();
    await world.watch().beforeAdmission();
    await other.release(projectorLock(0));
    await world.projector.processAll();
    await harm('k');
    await world.projector.processAll();
    await world.watch().tick();
    await other.close();
    expect(held === undefined || held instanceof AbortSignal).toBe(true);
    for (const { position } of await world.moves())
      expect(await world.explain(position)).toMatchObject({ agrees: true });
  });

  it('explains the last move before a position, and knows of none before the first', async () => {
    await world.projector.processAll();
    await world.watch().tick();
    const [move] = await world.moves();
    await harm('h');
    expect(await world.explain(await world.store.head())).toMatchObject({ move: String(move!.position), agrees: true });
    await expect(world.explain(move!.position - 1)).rejects.toMatchObject({ code: 'move-unknown' });
  });

  it('agrees about who is active in this week of the calendar or the last, and about what is missing', async () => {
    await world.onboard('a', 'c');
    await world.onboard('b', 'c');
    await expose('i-1', 'a');
    await expose('i-2', 'a');
    await world.projector.processAll();
    await world.watch().tick();
    world.clock.ahead += 21 * DAY_MS;
    await world.projector.processAll();
    await world.watch().tick();
    const moves = await world.moves();
    expect(moves.map(({ data }) => data)).toMatchObject([
      { outcome: 'hold', missing: ['reviews'], figures: { people: 2, activePeople: 1 } },
      { outcome: 'brake', missing: ['reviews', 'active-people', 'exposures'], figures: { people: 2, activePeople: 0 } },
    ]);
    for (const { position } of moves) expect(await world.explain(position)).toMatchObject({ agrees: true });
  });

  it('agrees with a move of a release that did not count active people', async () => {
    await world.onboard('a', 'c');
    await expose('i-1', 'a');
    await world.projector.processAll();
    await world.watch().tick();
    const [move] = await world.moves();
    const { missing: _, figures, ...data } = move!.data as { missing: string[]; figures: Record<string, number> };
    const { activePeople: __, ...earlier } = figures;
    await world.append('rollout', 'GateMoved', { ...data, figures: earlier });
    expect(await world.explain(await world.store.head())).toMatchObject({ agrees: true, differences: [] });
    await world.append('rollout', 'GateMoved', { ...data, figures: { ...figures, activePeople: 5 } });
    expect(await world.explain(await world.store.head())).toMatchObject({ differences: ['missing', 'figures'] });
  });

  it('says in what a move differs that the log does not support', async () => {
    await world.projector.processAll();
    await world.watch().tick();
    const [move] = await world.moves();
    const data = move!.data as { exposures: object };
    await world.append('rollout', 'GateMoved', {
      ...data,
      outcome: 'expand',
      exposures: { ...data.exposures, exposures: 9 },
    });
    expect(await world.explain(await world.store.head())).toMatchObject({
      agrees: false,
      differences: ['outcome', 'exposures'],
    });
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { dyingAfter } from '../../../test/support/dying-log.js';
import { LittleEvidence } from '../../../test/support/evidence-views.js';
import { type GateWorld, gateWorldAtWork } from '../../../test/support/gate-world.js';
import type { EventStore } from '../../event-store/event-store.js';
import { DAY_MS, toIso } from '../../kernel/clock.js';
import { admitCohort } from '../rollout.js';

let world: GateWorld;
beforeEach(async () => {
  world = await gateWorldAtWork();
});
afterEach(() => world.close());

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
    await world.harm('h');
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
    await world.harm('h');
    await world.projector.processAll();
    await world.watch().beforeAdmission();
    await expect(admit()).rejects.toMatchObject({ code: 'gate-braked' });
    expect(await outcomes()).toEqual(['brake']);
  });

  it('does not move for what no view has, and moves once they have it', async () => {
    await world.harm('h');
    await world.watch().beforeAdmission();
    expect(await outcomes()).toEqual([]);
    await world.projector.processAll();
    await world.watch().beforeAdmission();
    expect(await outcomes()).toEqual(['brake']);
  });

  it('brakes if figures stop, and ends that once they arrive again', async () => {
    await world.onboard('a', 'c');
    await world.expose('i-1', 'a');
    await world.projector.processAll();
    world.clock.ahead = 6 * DAY_MS;
    await world.watch().tick();
    expect((await world.rollout()).gate.move).toMatchObject({
      outcome: 'brake',
      reasons: expect.arrayContaining(['figures-stopped']),
    });
    world.clock.ahead = DAY_MS;
    await world.expose('i-2', 'a');
    await world.projector.processAll();
    await world.watch().tick();
    expect(await outcomes()).toEqual(['brake', 'hold']);
  });

  it('moves once if several processes look at the same time', async () => {
    await world.harm('h');
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
    await world.harm('h');
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
        await world.harm('h');
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
    await world.harm('h');
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
    await world.harm('h');
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
    await world.harm('h');
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

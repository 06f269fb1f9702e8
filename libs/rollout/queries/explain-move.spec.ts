import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type GateWorld, gateWorldAtWork, rateOf } from '../../../test/support/gate-world.js';
import { DAY_MS } from '../../kernel/clock.js';
import { projectorLock } from '../../projections/projector.js';
import { LockSession } from '../../subscriptions/lock-session.js';
import { setGateParameters } from '../gate-stage.js';

let world: GateWorld;
beforeEach(async () => {
  world = await gateWorldAtWork();
});
afterEach(() => world.close());

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
    await world.harm('h');
    const held = await other.hold(projectorLock(0));
    await world.projector.processAll();
    await world.watch().beforeAdmission();
    await other.release(projectorLock(0));
    await world.projector.processAll();
    await world.harm('k');
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
    await world.harm('h');
    expect(await world.explain(await world.store.head())).toMatchObject({ move: String(move!.position), agrees: true });
    await expect(world.explain(move!.position - 1)).rejects.toMatchObject({ code: 'move-unknown' });
  });

  it('agrees about who is active in this week of the calendar or the last, and about what is missing', async () => {
    await world.onboard('a', 'c');
    await world.onboard('b', 'c');
    await world.expose('i-1', 'a');
    await world.expose('i-2', 'a');
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
    await world.expose('i-1', 'a');
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

  it('agrees about labels that came late, and with a move of a release that did not count them', async () => {
    await world.decide(({ gate }) => setGateParameters(gate, { lateShare: 0 }, 'a test'));
    await world.onboard('a', 'c');
    await world.expose('i', 'a');
    await world.flag('i');
    await world.openCase('i', 'a');
    await world.confirm('i', 'a');
    await world.projector.processAll();
    await world.watch().tick();
    world.clock.ahead += 3 * DAY_MS;
    await world.decide(({ perWeek }) => [rateOf(perWeek! + 1)]);
    await world.projector.processAll();
    await world.watch().tick();
    const moves = await world.moves();
    const { labelsSince } = (await world.rollout()).gate;
    expect(moves.map(({ data }) => data)).toMatchObject([
      { late: { since: labelsSince, violations: 0, late: 0 } },
      { late: { since: labelsSince, violations: 1, late: 1 } },
    ]);
    expect(moves.map(({ data }) => (data.reasons as string[]).includes('late-share-exceeded'))).toEqual([false, true]);
    for (const { position } of moves) expect(await world.explain(position)).toMatchObject({ agrees: true });
    const { late: _, ...earlier } = moves[1]!.data as { late: object; reasons: string[] };
    const reasons = earlier.reasons.filter((reason) => reason !== 'late-share-exceeded');
    await world.append('rollout', 'GateMoved', { ...earlier, reasons });
    expect(await world.explain(await world.store.head())).toMatchObject({ agrees: true });
    await world.append('rollout', 'GateMoved', {
      ...moves[1]!.data,
      late: { since: labelsSince!, violations: 2, late: 1 },
    });
    expect(await world.explain(await world.store.head())).toMatchObject({ differences: ['late'] });
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

import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { eventRules } from '../../../test/support/event-rules.js';
import { foldView } from '../../../test/support/fold-view.js';
import { memoryLog } from '../../../test/support/memory-log.js';
import { enforcingOn } from '../../../test/support/undoing.js';
import {
  type AccountStanding,
  accountStandingOf,
  accountStream,
  consequencesOf,
  NO_CONSEQUENCES,
  reinstateAccount,
} from '../../account/index.js';
import { OwnEventIds } from '../../event-store/event-identity.js';
import type { EventStore } from '../../event-store/event-store.js';
import { Transactor } from '../../event-store/transact.js';
import { type DataOf, isOf } from '../../events/event-definition.js';
import { DAY_MS, toIso } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { StoreUnavailable } from '../../kernel/errors.js';
import { timeOrderedIds } from '../../kernel/ids.js';
import { ReviewConfirmed } from '../../review/index.js';
import { violationOf } from '../confirmed-violation.js';
import type { EnforcementOrdered } from '../events.js';
import { expectedStanding } from '../expected-standing.js';
import { type LadderEntry, ladderAt, ladderStream, outcomeOf, setLadder } from '../ladder.js';
import { imageWithholding } from './image-withholding.js';

const LADDERS: LadderEntry[][] = [
  [
    {
      strikeDays: 3,
      steps: [
        { strikes: 1, measure: 'strike' },
        { strikes: 2, measure: 'deactivate' },
      ],
    },
  ],
  [
    {
      steps: [
        { strikes: 1, measure: 'restrict', action: 'share', days: 2 },
        { strikes: 2, measure: 'suspend', days: 2 },
      ],
    },
    { clause: 'severe', steps: [{ strikes: 1, measure: 'deactivate' }] },
  ],
  [{ strikeDays: 1, steps: [{ strikes: 1, measure: 'suspend', days: 1 }] }],
];
const OPERATOR: CommandContext = { actor: { kind: 'user', id: 'olga', role: 'operator' }, correlationid: 'spec' };
const eventIds = new OwnEventIds(Buffer.alloc(32, 1), 0);
const accountId = 'acc';

const step = fc.oneof(
  fc.record({ kind: fc.constant('confirm' as const), clause: fc.constantFrom('violent', 'severe', undefined) }),
  fc.record({ kind: fc.constant('enforce' as const), dies: fc.constantFrom(undefined, undefined, 0, 1, 2, 3) }),
  fc.record({ kind: fc.constant('again' as const), nth: fc.nat(5) }),
  fc.record({ kind: fc.constant('ladder' as const), which: fc.nat(LADDERS.length - 1) }),
  fc.record({ kind: fc.constant('lift' as const), nth: fc.nat(5) }),
  fc.record({ kind: fc.constant('lift-all' as const) }),
  fc.record({ kind: fc.constant('wait' as const), days: fc.integer({ min: 1, max: 2 }) }),
);

/** A store that fails after some appends, as for a process that is killed. */
function dyingAfter(store: EventStore, appends: number): EventStore {
  let left = appends;
  return {
    ...store,
    append: (writes) => (left-- > 0 ? store.append(writes) : Promise.reject(new StoreUnavailable('killed'))),
  } as EventStore;
}

interface Note {
  measure: string;
  until: number;
  hasStrike: boolean;
}

class World {
  now = Date.parse('2022-05-18T09:00:00Z');
  readonly log = memoryLog();
  readonly confirmed: RecordedEvent[] = [];
  enforced = 0;
  /** What was imposed by case and not lifted; in the order of the cases. */
  readonly notes = new Map<string, Note>();

  transactor = (store = this.log.store) =>
    new Transactor(store, timeOrderedIds({ now: () => this.now }), { now: () => this.now }, eventRules);

  standing = async (): Promise<AccountStanding> => (await this.transactor().load(accountStream, accountId)).state;

  async confirm(clause: string | undefined): Promise<void> {
    const caseId = `img-${this.confirmed.length}`;
    const data = { caseId, imageId: caseId, accountId, categories: [], round: 1, ...(clause && { clause }) };
    const metadata = {
      ...OPERATOR,
      source: '/spec',
      subject: `case-${caseId}`,
      time: toIso(this.now),
      schemaversion: 1,
    };
    const event = { id: `confirmed-${caseId}`, type: 'ReviewConfirmed', data, metadata };
    await this.log.store.append([{ stream: `case-${caseId}`, expected: 'any', events: [event] }]);
    this.confirmed.push(this.log.events.at(-1)!);
  }

  /** Enforces the next confirmation, as the consumer does for one account: in order. */
  async enforce(dies?: number): Promise<void> {
    const next = this.confirmed[this.enforced];
    if (!next) return;
    const { log } = this;
    const { state: ladder } = await this.transactor().load(ladderStream, undefined);
    const before = await this.standing();
    const orders = () =>
      log.events.filter(({ type, data }) => type === 'EnforcementOrdered' && data.caseId === next.data.caseId);
    const wasOrdered = orders().length > 0;
    const store = dies === undefined ? log.store : dyingAfter(log.store, dies);
    const transactor = this.transactor(store);
    const withheld = imageWithholding(this.transactor(), eventIds).react(next);
    const isDone = await Promise.all([withheld, enforcingOn(store, transactor, eventIds).react(next)]).then(
      () => true,
      () => false,
    );
    const [ordered] = orders();
    if (!wasOrdered && ordered) {
      const at = Date.parse(next.recordedAt);
      const strikes = consequencesOf(before).strikes.filter(({ until = at + 1 }) => at < until);
      const clause = next.data.clause as string | undefined;
      const others = strikes.filter(({ cause }) => cause !== next.data.caseId).length;
      const { step: applied } = outcomeOf(ladderAt(ladder, next.position), clause, others, Date.parse(next.recordedAt));
      expect(ordered.data.measure).toBe(applied?.measure ?? 'deactivate');
    }
    if (!isDone) return;
    if (!wasOrdered && isOf(ReviewConfirmed, next))
      // What decision points deny from the confirmation on is what is then imposed.
      expect(denialsOf(await this.standing())).toEqual(
        denialsOf(expectedStanding(before, [violationOf(next)!], ladder)),
      );
    this.enforced++;
    const order = ordered!.data as DataOf<typeof EnforcementOrdered>;
    const { strikes, measure, until } = order;
    const end = until === undefined ? Number.POSITIVE_INFINITY : Date.parse(until);
    this.notes.set(order.caseId!, { measure, until: end, hasStrike: strikes !== undefined });
  }

  async lift(cause: string | undefined): Promise<void> {
    await this.transactor().transact(accountStream, accountId, OPERATOR, (state) =>
      reinstateAccount(state, { accountId, reason: 'appeal', cause }, this.now),
    );
    if (cause !== undefined) this.notes.delete(cause);
    else for (const [caseId, note] of this.notes) this.notes.set(caseId, { ...note, measure: 'strike' });
  }
}

it('imposes for each confirmation once what the ladder of its position says, whatever happens in between', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const world = new World();
      const { log } = world;
      for (const one of steps) {
        if (one.kind === 'confirm') await world.confirm(one.clause);
        else if (one.kind === 'enforce') await world.enforce(one.dies);
        else if (one.kind === 'wait') world.now += one.days * DAY_MS;
        else if (one.kind === 'ladder')
          await world
            .transactor()
            .transact(ladderStream, undefined, OPERATOR, (state) =>
              setLadder(state, { entries: LADDERS[one.which]!, reason: 'spec' }, new Set()),
            );
        else if (one.kind === 'again' && one.nth < world.enforced) {
          const { length } = log.events;
          await enforcingOn(log.store, world.transactor(), eventIds).react(world.confirmed[one.nth]!);
          await imageWithholding(world.transactor(), eventIds).react(world.confirmed[one.nth]!);
          expect(log.events).toHaveLength(length);
        } else if (one.kind === 'lift' && one.nth < world.enforced) await world.lift(`img-${one.nth}`);
        // A confirmation that is half enforced is a matter of its own: see enforcing.spec.ts.
        else if (one.kind === 'lift-all' && !isHalfEnforced(world)) await world.lift(undefined);
      }
      while (world.enforced < world.confirmed.length) await world.enforce();
      const noted = (what: (note: Note) => boolean) =>
        [...world.notes].flatMap(([caseId, note]) => (what(note) ? [caseId] : [])).sort();
      const now = (measure: string) => noted((note) => note.measure === measure && world.now < note.until);
      const standing = await world.standing();
      const { deactivations, suspensions, restrictions, strikes } = consequencesOf(standing);
      const causes = (all: readonly { cause: string; until?: number }[]) =>
        all.flatMap(({ cause, until }) => (until !== undefined && until <= world.now ? [] : [cause])).sort();
      expect(causes(deactivations)).toEqual(now('deactivate'));
      expect(causes(suspensions)).toEqual(now('suspend'));
      expect(causes(restrictions)).toEqual(now('restrict'));
      expect(strikes.map(({ cause }) => cause).sort()).toEqual(noted(({ hasStrike }) => hasStrike));
      for (const { data } of world.confirmed) {
        const ofCase = (type: string) => log.events.filter((e) => e.type === type && e.data.caseId === data.caseId);
        for (const type of ['EnforcementOrdered', 'EnforcementCompleted', 'ImageWithheld'])
          expect(ofCase(type)).toHaveLength(1);
      }
      const own = log.events.filter(({ stream }) => stream === `account-${accountId}`);
      const row = foldView(accountStandingOf(accountStream), own).rows[accountId];
      expect(row?.deactivated ?? false).toBe(standing.deactivated);
      expect(row?.consequences ?? undefined).toEqual(standing.consequences);
    }),
    { numRuns: 150, seed: 20220518 },
  );
});

/** In any order: only a suspension that is said again changes it. */
const denialsOf = ({ consequences = NO_CONSEQUENCES, ...standing }: AccountStanding) => ({
  ...standing,
  ...Object.fromEntries(
    Object.entries(consequences).map(([kind, some]) => [kind, some.map((one: object) => JSON.stringify(one)).sort()]),
  ),
});

const isHalfEnforced = ({ log, confirmed, enforced }: World): boolean =>
  log.events.some(
    ({ type, data }) => type === 'EnforcementOrdered' && data.caseId === confirmed[enforced]?.data.caseId,
  );

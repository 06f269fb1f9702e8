import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { eventRules } from '../../../test/support/event-rules.js';
import { memoryLog } from '../../../test/support/memory-log.js';
import type { EventStore } from '../../event-store/event-store.js';
import { Transactor } from '../../event-store/transact.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { foldRecorded } from '../../kernel/decider.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { GatehouseError } from '../../kernel/errors.js';
import { nameBasedId, timeOrderedIds } from '../../kernel/ids.js';
import { AddressHashes } from '../../platform/personal-data/address-hashes.js';
import { mailboxOf } from '../../platform/personal-data/mailbox.js';
import type { PersonKeys } from '../../platform/personal-data/person-keys.js';
import { changeAddress, joinWithAddress } from '../account-address.js';
import { deactivateAccount, reinstateAccount } from '../account-enforcement.js';
import { accountStream, leaveWaitlist } from '../account-standing.js';
import { personStream } from '../person.js';
import { addressSettling } from '../processes/address-settling.js';
import { AddressClaims } from './address-claims.js';

const NAMESPACE = '0196e0f0-0000-7000-8000-000000000001';
const clock = { now: () => Date.parse('2022-05-18T09:00:00Z') };
const hashes = new AddressHashes(Buffer.alloc(32, 7), String, false);
/** Not used: no address of this log was hashed by an earlier version. */
const noKeys = {} as PersonKeys;

/** Does not wait for commands that may still decide: the order of the steps is what is tried. */
class ImpatientClaims extends AddressClaims {
  protected override readonly patienceMs = 0;
}

type Command =
  | { kind: 'form' | 'join'; email: string }
  | { kind: 'report' | 'change'; email: string; accountId: string }
  | { kind: 'leave' | 'deactivate' | 'reinstate'; accountId: string };
/** A command whose process ends after so many calls of the store. */
type Run = Command & { calls: number };

const email = fc.constantFrom('ada@example.org', 'bob@example.org');
const accountId = fc.constantFrom('a', 'b');
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('form' as const, 'join' as const), email }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom('report' as const, 'change' as const), email, accountId }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('leave' as const, 'deactivate' as const, 'reinstate' as const),
      accountId,
    }),
  },
);
const calls = fc.oneof({ weight: 2, arbitrary: fc.constant(Number.POSITIVE_INFINITY) }, fc.nat(12));
const run = fc.tuple(command, calls).map(([one, calls]): Run => ({ ...one, calls }));
/** The commands of a batch run at once. */
const batches = fc.array(fc.array(run, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 });

function world() {
  const { events, store } = memoryLog();
  const ids = timeOrderedIds(clock);
  const claimsOn = (on: EventStore) => {
    const transactor = new Transactor(on, ids, clock, eventRules);
    return { transactor, claims: new ImpatientClaims(transactor, on, hashes, noKeys, ids) };
  };

  function perform(one: Command, correlationid: string, on: EventStore): Promise<unknown> {
    const { transactor, claims } = claimsOn(on);
    const context: CommandContext = { actor: { kind: 'service', id: 'spec', role: 'service' }, correlationid };
    const incoming = {
      ...context,
      source: '/spec',
      eventId: nameBasedId(NAMESPACE, correlationid),
      eventType: 'WaitlistJoined',
    };
    const now = clock.now();
    switch (one.kind) {
      case 'form':
      case 'join':
      case 'report': {
        const { kind, ...named } = one;
        const given = { ...named, context: kind === 'report' ? incoming : context };
        return claims.decide(
          given,
          (accountId, emailHash) => (holder, isHeld) =>
            joinWithAddress(
              holder,
              isHeld,
              { accountId, email: one.email, emailHash },
              { now, isAnonymous: kind === 'form' },
            ),
        );
      }
      case 'change':
        return claims.decide(
          { ...one, context },
          (accountId, emailHash) => (holder) => changeAddress(holder, { accountId, email: one.email, emailHash }),
        );
      default: {
        const { accountId, kind } = one;
        const data = { accountId, reason: 'spec', categories: [] };
        return transactor.transact(accountStream, accountId, context, (state) => {
          if (kind === 'leave') return leaveWaitlist(state, accountId);
          return kind === 'deactivate'
            ? deactivateAccount(state, data)
            : reinstateAccount(state, { accountId, reason: 'spec' }, 0);
        });
      }
    }
  }

  /** What the consumer does with everything stored. */
  async function settle(): Promise<void> {
    const consumer = addressSettling(claimsOn(store).claims);
    for (const event of [...events]) if (consumer.types.includes(event.type)) await consumer.react(event);
  }
  return { events, store, claimsOn, perform, settle };
}

class Killed extends Error {}

/** A store each of whose calls happens when the scheduler says so, until its process ends. */
function scheduled(store: EventStore, scheduler: fc.Scheduler, calls: number): EventStore {
  let left = calls;
  const inTurn =
    <Arguments extends unknown[], Result>(call: (...args: Arguments) => Promise<Result>) =>
    async (...args: Arguments) => {
      await scheduler.schedule(Promise.resolve());
      if (left-- <= 0) throw new Killed();
      return call(...args);
    };
  return { ...store, append: inTurn(store.append), readStream: inTurn(store.readStream) };
}

/** Who has each address, by the accounts, and by the persons' streams. */
function owners(events: readonly RecordedEvent[]) {
  const streams = new Map<string, RecordedEvent[]>();
  for (const event of events) streams.set(event.stream, [...(streams.get(event.stream) ?? []), event]);
  const byAccount = new Map<string, string[]>();
  const byPerson = new Map<string, string>();
  const reserved: string[] = [];
  for (const [stream, own] of streams) {
    const [category, ...rest] = stream.split('-');
    const id = rest.join('-');
    if (category === 'person') {
      const person = foldRecorded(personStream, own);
      if (person.reserved) reserved.push(id);
      if (person.accountId !== undefined) byPerson.set(id, person.accountId);
      continue;
    }
    const hash = own.findLast(({ type }) => type === 'WaitlistJoined' || type === 'AddressChanged')?.data.emailHash;
    if (hash !== undefined) byAccount.set(String(hash), [...(byAccount.get(String(hash)) ?? []), id]);
  }
  return { byAccount, byPerson, reserved };
}

describe('claims on addresses', () => {
  it('leave each address with the one account that has it, in whatever order the steps come and wherever they end', async () => {
    const seen = { stored: 0, refused: 0, killed: 0 };
    await fc.assert(
      fc.asyncProperty(batches, fc.scheduler(), async (list, scheduler) => {
        const { events, store, perform, settle } = world();
        for (const [n, batch] of list.entries()) {
          const outcomes = batch.map(({ calls, ...one }, m) =>
            perform(one, `${n}-${m}`, scheduled(store, scheduler, calls)).then(
              () => undefined,
              (error: unknown) => error,
            ),
          );
          await scheduler.waitFor(Promise.all(outcomes));
          for (const [m, error] of (await Promise.all(outcomes)).entries()) {
            if (error instanceof Killed) seen.killed += 1;
            else if (error instanceof GatehouseError) {
              seen.refused += 1;
              const own = events.filter(({ metadata }) => metadata.correlationid === `${n}-${m}`);
              expect(own.filter(({ stream }) => stream.startsWith('account-'))).toEqual([]);
            } else if (error !== undefined) throw error;
          }
        }
        await settle();
        const { byAccount, byPerson, reserved } = owners(events);
        expect(reserved).toEqual([]);
        expect(new Map([...byPerson].map(([hash, id]) => [hash, [id]]))).toEqual(byAccount);
        seen.stored += events.filter(({ type }) => type === 'WaitlistJoined' || type === 'AddressChanged').length;
      }),
      { numRuns: 1_000 },
    );
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(200);
  });

  it('end in one of the two, wherever the command stops', async () => {
    const ends = new Set<string>();
    for (let calls = 0; calls < 12; calls++) {
      const { events, store, perform, settle } = world();
      const stopping = { ...store, ...stoppingAfter(store, calls) };
      await perform({ kind: 'report', accountId: 'a', email: 'ada@example.org' }, 'x', stopping).catch((error) => {
        if (!(error instanceof Killed)) throw error;
      });
      await settle();
      const { byAccount, byPerson, reserved } = owners(events);
      const hash = hashes.of(mailboxOf('ada@example.org'));
      expect(reserved).toEqual([]);
      expect([byAccount.get(hash)?.[0], byPerson.get(hash)]).toEqual(
        byAccount.has(hash) ? ['a', 'a'] : [undefined, undefined],
      );
      ends.add(
        events.some(({ type }) => type === 'AddressReserved')
          ? `reserved, then ${byPerson.get(hash) ?? 'free'}`
          : 'nothing',
      );
      // The sender repeats it; nothing was lost or done twice.
      await perform({ kind: 'report', accountId: 'a', email: 'ada@example.org' }, 'x', store);
      expect(owners(events).byPerson.get(hash)).toBe('a');
      expect(events.filter(({ type }) => type === 'WaitlistJoined')).toHaveLength(1);
    }
    expect([...ends].sort()).toEqual(['nothing', 'reserved, then a', 'reserved, then free']);
  });

  it('gather the facts of a decision once, and again only after another command changed the account', async () => {
    const { store, perform, claimsOn } = world();
    await perform({ kind: 'report', accountId: 'a', email: 'ada@example.org' }, '1', store);
    const gathersOf = async (email: string, on: EventStore) => {
      let gathers = 0;
      const context: CommandContext = { actor: { kind: 'service', id: 'spec' }, correlationid: email };
      await claimsOn(on).claims.decide(
        { email, accountId: 'a', context, gather: async () => ++gathers },
        (accountId, emailHash, facts) => (holder) => {
          expect(facts).toBe(gathers);
          return changeAddress(holder, { accountId, email, emailHash });
        },
      );
      return gathers;
    };
    expect(await gathersOf('bob@example.org', store)).toBe(1);
    let isBeaten = false;
    const beaten: EventStore = {
      ...store,
      async append(writes) {
        if (!isBeaten && writes[0]?.stream === 'account-a') {
          isBeaten = true;
          await perform({ kind: 'leave', accountId: 'a' }, '2', store);
        }
        return store.append(writes);
      },
    };
    expect(await gathersOf('cem@example.org', beaten)).toBe(3);
  });

  it('write nothing for a refused command', async () => {
    const { events, store, perform } = world();
    const alice = { kind: 'report', accountId: 'a', email: 'ada@example.org' } as const;
    await perform(alice, '1', store);
    await perform({ kind: 'report', accountId: 'c', email: 'carl@example.org' }, '2', store);
    await perform({ kind: 'deactivate', accountId: 'c' }, '3', store);
    const before = [...events];
    const refusals: [string, Command][] = [
      ['address-differs', { ...alice, email: 'bob@example.org' }],
      ['address-taken', { ...alice, accountId: 'b' }],
      ['address-taken', { kind: 'change', accountId: 'c', email: 'ADA@example.org.' }],
      ['account-deactivated', { kind: 'report', accountId: 'c', email: 'bob@example.org' }],
      ['account-deactivated', { kind: 'join', email: 'carl@example.org' }],
      ['account-unknown', { kind: 'change', accountId: 'x', email: 'bob@example.org' }],
      ['invalid-input', { kind: 'join', email: 'b\u200bob@example.org' }],
    ];
    for (const [n, [code, one]] of refusals.entries()) {
      await expect(perform(one, `refused-${n}`, store)).rejects.toMatchObject({ code });
    }
    expect(events).toEqual(before);
    await expect(perform({ kind: 'join', email: 'bob@example.org' }, '4', store)).resolves.not.toMatchObject({
      accountId: 'a',
    });
  });
});

function stoppingAfter(store: EventStore, calls: number): Pick<EventStore, 'append' | 'readStream'> {
  let left = calls;
  const alive = () => {
    if (left-- <= 0) throw new Killed();
  };
  return {
    append: async (writes) => {
      alive();
      return store.append(writes);
    },
    readStream: async (...args) => {
      alive();
      return store.readStream(...args);
    },
  };
}

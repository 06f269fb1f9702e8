import { beforeEach, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { eventRules } from '../../../test/support/event-rules.js';
import { foldView } from '../../../test/support/fold-view.js';
import { countingReads, memoryLog } from '../../../test/support/memory-log.js';
import {
  acceptInvitation,
  accountStream,
  invitedAccount,
  joinWaitlist,
  leaveWaitlist,
  setWaitlistClass,
  waitlistClassStream,
} from '../../account/index.js';
import { Transactor } from '../../event-store/transact.js';
import { DAY_MS } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { timeOrderedIds } from '../../kernel/ids.js';
import { waitlistEntriesView } from '../../waitlist/index.js';
import type { RolloutEvent } from '../events.js';
import { holdPlaces } from '../hold-places.js';
import { pauseOnboarding, type Rollout, resumeOnboarding, rolloutStream, setRate } from '../rollout.js';
import { withdrawInvitations } from '../withdraw-invitations.js';
import { InvitationClock } from './invitation-clock.js';
import { inviting } from './inviting.js';
import { onboarding } from './onboarding.js';

const CONTEXT: CommandContext = { actor: { kind: 'user', id: 'spec' }, correlationid: 'spec' };
const UNTIL_DAYS = 3;

let world: ReturnType<typeof startWorld>;
beforeEach(() => {
  world = startWorld();
});

function startWorld() {
  const clock = { time: Date.parse('2022-05-18T09:00:00Z'), now: () => clock.time };
  const { events, store } = memoryLog();
  const { counting, readsOf } = countingReads(store, 'account-');
  const transactor = new Transactor(counting, timeOrderedIds(clock), clock, eventRules);
  const rows = () => Object.values(foldView(waitlistEntriesView, events).rows);
  const accepted = (classes?: readonly string[]) =>
    rows().filter((row) => row.status === 'accepted' && (classes?.includes(row.class) ?? true));
  let asked = 0;
  /** What happens while the gate is asked. */
  const meanwhile: (() => Promise<unknown>)[] = [];
  const gate = {
    async beforeAdmission() {
      asked++;
      await meanwhile.shift()?.();
    },
  };
  const invitations = new InvitationClock(
    transactor,
    store,
    {
      async *pages(busy, classes) {
        const page = accepted(classes).filter((row) => !busy.includes(row.batch_id!));
        yield page.map((row) => ({ accountId: row.account_id, batchId: row.batch_id! }));
      },
      of: async (batches, classes) =>
        new Map(batches.map((id) => [id, accepted(classes).filter((row) => row.batch_id === id).length])),
    },
    clock,
    pino({ level: 'silent' }),
    { invitationReminderDays: 1 },
    gate,
  );
  const rollout = (decide: (state: Rollout) => RolloutEvent[]) =>
    transactor.transact(rolloutStream, undefined, CONTEXT, decide);
  const nobody = async () => ({ people: [], asOf: events.length });
  async function join(...accounts: string[]) {
    for (const accountId of accounts)
      await transactor.transact(accountStream, accountId, CONTEXT, (state) =>
        joinWaitlist(state, { accountId, email: `${accountId}@example.org` }, clock.time),
      );
  }
  const hold = (batchId: string, ...accounts: string[]) =>
    rollout((state) =>
      holdPlaces(state, { batchId, accounts, until: clock.time + UNTIL_DAYS * DAY_MS, now: clock.time }),
    );
  /** @param between what happens after a batch is chosen and before anybody of it is invited */
  async function send({ between }: { between?: () => Promise<unknown> } = {}) {
    const interrupted = Object.create(counting) as typeof store;
    interrupted.append = async (writes) => {
      const done = await store.append(writes);
      if (writes.some(({ stream }) => stream.startsWith('invitations-'))) await between?.();
      return done;
    };
    const on = new Transactor(interrupted, timeOrderedIds(clock), clock, eventRules);
    const sending = inviting(on, store, nobody, { of: (act) => act }, clock);
    for (const event of events.filter(({ type }) => sending.types.includes(type))) await sending.react(event);
  }
  return {
    clock,
    events,
    rollout,
    gateAsked: () => asked,
    meanwhile,
    tick: (signal?: AbortSignal) => invitations.tick(signal),
    readsOf,
    join,
    hold,
    send,
    leave: (accountId: string) =>
      transactor.transact(accountStream, accountId, CONTEXT, (state) => leaveWaitlist(state, accountId)),
    classify: (name: string, accountId: string) =>
      transactor.transact(waitlistClassStream, accountId, CONTEXT, (state) =>
        setWaitlistClass(state, { accountId, class: name, reason: 'spec' }),
      ),
    async invite(batchId: string, ...accounts: string[]) {
      await join(...accounts);
      await hold(batchId, ...accounts);
      await send();
    },
    accept: (accountId: string) =>
      transactor.transact(invitedAccount, accountId, CONTEXT, (state) =>
        acceptInvitation(state, { accountId }, clock.time),
      ),
    async onboard() {
      const consumer = onboarding(transactor, store, nobody, clock);
      for (const event of events.filter(({ type }) => type === 'CohortAdmitted')) await consumer.react(event);
    },
    onboarded: () => events.flatMap(({ type, data }) => (type === 'AccountOnboarded' ? [data.accountId] : [])),
    cohorts: () => events.flatMap(({ type, data }) => (type === 'CohortAdmitted' ? [data.accounts] : [])),
  };
}

it('looks at the accounts of a batch that is over once, however long those who accepted wait', async () => {
  const { clock, invite, accept, rollout, tick, readsOf, onboard, events } = world;
  await rollout((state) => setRate(state, 10));
  await invite('b1', 'ann', 'ben', 'cem');
  await accept('ann');
  await rollout((state) => pauseOnboarding(state, 'spec'));
  clock.time += UNTIL_DAYS * DAY_MS;
  expect(await readsOf(tick)).toBeGreaterThan(0);
  expect(await readsOf(tick)).toBe(0);
  expect(events.filter(({ type }) => type === 'InvitationExpired')).toHaveLength(2);

  await rollout((state) => resumeOnboarding(state));
  await tick();
  await onboard();
  await tick();
  expect(events.at(-1)).toMatchObject({ type: 'PlacesFreed', data: { batchId: 'b1', places: 2, isOver: true } });
  expect(await readsOf(tick)).toBe(0);
});

it('admits people of a batch also while a cohort of another one is being onboarded, and nobody twice', async () => {
  const { invite, accept, rollout, tick, onboard, cohorts } = world;
  await rollout((state) => setRate(state, 10));
  await invite('b1', 'ann', 'ben');
  await invite('b2', 'cem');
  await accept('ann');
  await tick();
  await accept('ben');
  await accept('cem');
  await tick();
  expect(cohorts()).toEqual([['ann'], ['cem']]);
  await onboard();
  await tick();
  await tick();
  expect(cohorts()).toEqual([['ann'], ['cem'], ['ben']]);
});

it('admits who accepted in time before it ends the invitations of others', async () => {
  const { clock, invite, accept, rollout, tick, events } = world;
  await rollout((state) => setRate(state, 10));
  await invite('b1', 'ann', 'ben');
  await accept('ann');
  clock.time += UNTIL_DAYS * DAY_MS;
  const before = events.length;
  await tick();
  expect(events.slice(before).map(({ type }) => type)).toEqual(['CohortAdmitted', 'InvitationExpired']);
});

it('ends no more invitations once its work is aborted', async () => {
  const { clock, invite, rollout, tick, events } = world;
  await rollout((state) => setRate(state, 2_000));
  await invite('b1', 'ann', 'ben');
  clock.time += UNTIL_DAYS * DAY_MS;
  await tick(AbortSignal.abort());
  expect(events.filter(({ type }) => type === 'InvitationExpired')).toEqual([]);
  await tick();
  expect(events.filter(({ type }) => type === 'InvitationExpired')).toHaveLength(2);
});

it('lets nobody in who became a hold-out after accepting, and frees the place', async () => {
  const { clock, invite, accept, classify, rollout, tick, onboard, cohorts, onboarded, events } = world;
  await rollout((state) => setRate(state, 10));
  await invite('b1', 'ann', 'ben', 'cem');
  for (const one of ['ann', 'ben', 'cem']) await accept(one);
  await classify('hold-out', 'ann');
  await tick();
  expect(cohorts()).toEqual([['ben', 'cem']]);
  await classify('hold-out', 'ben');
  await onboard();
  expect(onboarded()).toEqual(['cem']);
  clock.time += UNTIL_DAYS * DAY_MS;
  await tick();
  expect(events.at(-1)).toMatchObject({ type: 'PlacesFreed', data: { batchId: 'b1', places: 1, isOver: true } });
});

it('frees at once the place of who stopped waiting before the invitation was sent', async () => {
  const { join, leave, hold, send, rollout, events } = world;
  await rollout((state) => setRate(state, 10));
  await join('ann', 'ben');
  await hold('b1', 'ann', 'ben');
  await send({ between: () => leave('ann') });
  const named = (type: string) => events.flatMap((one) => (one.type === type ? [one.data] : []));
  expect(named('InvitationSent')).toMatchObject([{ accountId: 'ben' }]);
  expect(named('InvitationExpired')).toEqual([{ accountId: 'ann', batchId: 'b1', neverSent: true }]);
  expect(named('PlacesFreed')).toEqual([{ batchId: 'b1', places: 1, isOver: false }]);
  await join('ann');
  await send();
  expect(named('InvitationSent')).toHaveLength(1);
  expect(named('PlacesFreed')).toHaveLength(1);
});

it('looks at the accounts of a withdrawn batch again only if one of them has accepted', async () => {
  const { invite, accept, rollout, send, tick, readsOf, events } = world;
  await rollout((state) => setRate(state, 10));
  await invite('b1', 'ann', 'ben');
  await invite('b2', 'cem', 'dan');
  await accept('cem');
  await rollout((state) => pauseOnboarding(state, 'spec'));
  for (const batchId of ['b1', 'b2']) await rollout((state) => withdrawInvitations(state, batchId, 'spec'));
  await send();
  const freed = events.flatMap(({ type, data }) => (type === 'PlacesFreed' ? [data] : []));
  expect(freed).toEqual([
    { batchId: 'b1', places: 2, isOver: true },
    { batchId: 'b2', places: 1, isOver: false },
  ]);
  expect(await readsOf(tick)).toBe(2);
  expect(await readsOf(tick)).toBe(0);
});

it('admits nobody any more once its work is aborted', async () => {
  const { invite, accept, rollout, tick, cohorts } = world;
  await rollout((state) => setRate(state, 10));
  await invite('b1', 'ann');
  await accept('ann');
  await tick(AbortSignal.abort());
  expect(cohorts()).toEqual([]);
  await tick();
  expect(cohorts()).toEqual([['ann']]);
});

it('asks the gate before the first admission, and not while nobody is to be admitted', async () => {
  const { invite, accept, rollout, tick, gateAsked } = world;
  await rollout((state) => setRate(state, 10));
  await invite('b1', 'ann', 'ben');
  await tick();
  expect(gateAsked()).toBe(0);
  await accept('ann');
  await tick();
  expect(gateAsked()).toBe(1);
});

it('lets those who accept soon after a cohort of their batch wait for each other, for an hour', async () => {
  const { clock, invite, accept, rollout, tick, onboard, cohorts } = world;
  await rollout((state) => setRate(state, 10));
  await invite('b1', 'ann', 'ben', 'cem', 'dan');
  await accept('ann');
  await tick();
  await onboard();
  await accept('ben');
  await tick();
  await accept('cem');
  await tick();
  expect(cohorts()).toEqual([['ann']]);
  clock.time += 3_600_000;
  await tick();
  expect(cohorts()).toEqual([['ann'], ['ben', 'cem']]);
});

it('admits no more than a lowered rate allows; the others wait', async () => {
  const { invite, accept, rollout, tick, cohorts } = world;
  await rollout((state) => setRate(state, 3));
  await invite('b1', 'ann', 'ben', 'cem');
  for (const one of ['ann', 'ben', 'cem']) await accept(one);
  await rollout((state) => setRate(state, 1));
  await tick();
  await tick();
  expect(cohorts()).toEqual([['ann']]);
});

it('reminds once who has not answered a day before the end', async () => {
  const { clock, invite, accept, rollout, tick, readsOf, events } = world;
  await rollout((state) => setRate(state, 10));
  await invite('b1', 'ann', 'ben');
  await accept('ann');
  await tick();
  clock.time += (UNTIL_DAYS - 1) * DAY_MS - 1;
  await tick();
  const reminded = () => events.flatMap(({ type, data }) => (type === 'InvitationReminded' ? [data.accountId] : []));
  expect(reminded()).toEqual([]);
  clock.time += 1;
  await tick();
  expect(await readsOf(tick)).toBe(0);
  expect(reminded()).toEqual(['ben']);
});

it('leaves those waiting in their places who accepted and whose class the phase names no longer', async () => {
  const { clock, join, hold, send, classify, accept, rollout, tick, onboard, onboarded, readsOf } = world;
  await rollout((state) => setRate(state, 10));
  await join('ann', 'ben', 'cem');
  await classify('testers', 'ben');
  await hold('b1', 'ann', 'ben', 'cem');
  await send();
  await accept('ann');
  await accept('ben');
  const phase = { phase: 'invitations' as const, before: 'weekly' as const, reason: 'a test' };
  await rollout(() => [{ type: 'RolloutPhaseSet', data: { ...phase, classes: ['testers'] } }]);
  await tick();
  await onboard();
  expect(onboarded()).toEqual(['ben']);
  clock.time += DAY_MS;
  expect(await readsOf(tick)).toBe(0);
  await rollout(() => [{ type: 'RolloutPhaseSet', data: phase }]);
  await tick();
  await onboard();
  expect(onboarded()).toEqual(['ben', 'ann']);
});

it('admits nobody whom a phase leaves out that was set after those who accepted were looked up', async () => {
  const { join, hold, send, classify, accept, rollout, tick, onboard, onboarded, meanwhile } = world;
  await rollout((state) => setRate(state, 10));
  await join('ann', 'ben');
  await classify('testers', 'ben');
  await hold('b1', 'ann', 'ben');
  await send();
  await accept('ann');
  await accept('ben');
  const data = { phase: 'invitations' as const, before: 'weekly' as const, reason: 'a test', classes: ['testers'] };
  meanwhile.push(() => rollout(() => [{ type: 'RolloutPhaseSet', data }]));
  await tick();
  await onboard();
  expect(onboarded()).toEqual(['ben']);
});

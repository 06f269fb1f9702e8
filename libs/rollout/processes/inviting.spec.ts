import { expect, it } from '@jest/globals';
import { eventRules } from '../../../test/support/event-rules.js';
import { countingReads, memoryLog } from '../../../test/support/memory-log.js';
import { acceptInvitation, accountStream, invitedAccount, joinWaitlist } from '../../account/index.js';
import { Transactor } from '../../event-store/transact.js';
import { DAY_MS } from '../../kernel/clock.js';
import { timeOrderedIds } from '../../kernel/ids.js';
import type { RolloutEvent } from '../events.js';
import { admitInvited, holdPlaces } from '../hold-places.js';
import { type Rollout, rolloutStream, setRate } from '../rollout.js';
import { inviting } from './inviting.js';
import { onboarding } from './onboarding.js';

const NOW = Date.parse('2022-05-18T09:00:00Z');
const CONTEXT = { actor: { kind: 'user' as const, id: 'spec' }, correlationid: 'spec' };
const PEOPLE = ['ann', 'ben'];

it('reads each account once to invite it, and once to onboard it', async () => {
  const clock = { now: () => NOW };
  const { events, store } = memoryLog();
  const { counting, readsOf } = countingReads(store, 'account-');
  const transactor = new Transactor(counting, timeOrderedIds(clock), clock, eventRules);
  const rollout = (decide: (state: Rollout) => RolloutEvent[]) =>
    transactor.transact(rolloutStream, undefined, CONTEXT, decide);
  const nobody = async () => ({ people: [], asOf: events.length });
  const ofPeople = (type: string) => events.flatMap((one) => (one.type === type ? [one.data.accountId] : []));

  await rollout((state) => setRate(state, 10));
  for (const accountId of PEOPLE)
    await transactor.transact(accountStream, accountId, CONTEXT, (state) =>
      joinWaitlist(state, { accountId, email: `${accountId}@example.org` }, NOW),
    );
  await rollout((state) => holdPlaces(state, { batchId: 'b1', accounts: PEOPLE, until: NOW + DAY_MS, now: NOW }));
  const invites = inviting(transactor, store, nobody, { of: (act) => act }, clock);
  expect(await readsOf(() => invites.react(events.at(-1)!))).toBe(2);
  expect(ofPeople('InvitationSent')).toEqual(PEOPLE);

  for (const accountId of PEOPLE)
    await transactor.transact(invitedAccount, accountId, CONTEXT, (state) =>
      acceptInvitation(state, { accountId }, NOW),
    );
  await rollout((state) => admitInvited(state, { batchId: 'b1', accounts: PEOPLE, after: 0, now: NOW }));
  const onboards = onboarding(transactor, store, nobody, clock);
  expect(await readsOf(() => onboards.react(events.at(-1)!))).toBe(2);
  expect(ofPeople('AccountOnboarded')).toEqual(PEOPLE);
});

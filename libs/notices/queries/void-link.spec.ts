import { expect, it } from '@jest/globals';
import { eventRules } from '../../../test/support/event-rules.js';
import { memoryLog } from '../../../test/support/memory-log.js';
import {
  type AccountEvent,
  acceptInvitation,
  accountStream,
  type InvitedAccount,
  invite,
  invitedAccount,
  joinWaitlist,
} from '../../account/index.js';
import { Transactor } from '../../event-store/transact.js';
import { timeOrderedIds } from '../../kernel/ids.js';
import { type RolloutEvent, rolloutStream } from '../../rollout/index.js';
import type { Notice } from '../notice.js';
import { voidLink } from './void-link.js';

const NOW = Date.parse('2022-05-18T09:00:00Z');
const UNTIL = NOW + 1000;
const VOID = 'its link is no longer valid';
const CONTEXT = { actor: { kind: 'user' as const, id: 'spec' }, correlationid: 'spec' };

async function withInvitation() {
  const clock = { now: () => NOW };
  const transactor = new Transactor(memoryLog().store, timeOrderedIds(clock), clock, eventRules);
  const ann = { accountId: 'ann', batchId: 'spring' };
  const account = (decide: (state: InvitedAccount) => AccountEvent[]) =>
    transactor.transact(invitedAccount, 'ann', CONTEXT, decide);
  const rollout = (event: RolloutEvent) => transactor.transact(rolloutStream, undefined, CONTEXT, () => [event]);
  await transactor.transact(accountStream, 'ann', CONTEXT, (state) =>
    joinWaitlist(state, { accountId: 'ann', email: 'ann@example.org' }, NOW),
  );
  await account((state) => invite(state, { ...ann, turn: 1, until: UNTIL, isListed: true }, NOW));
  const why = (of: Partial<Notice> = {}, now = NOW) =>
    voidLink(transactor, { kind: 'invitation', ...ann, ...of } as Notice, now);
  const withdraw = (batchId: string) => rollout({ type: 'InvitationsWithdrawn', data: { batchId, reason: 'spec' } });
  return { account, why, withdraw };
}

it('lets the link of an invitation be sent until it ends or is used', async () => {
  const { account, why } = await withInvitation();
  expect(await why()).toBeUndefined();
  expect(await why({ batchId: 'summer' })).toBe(VOID);
  expect(await why({}, UNTIL)).toBe(VOID);
  await account((state) => acceptInvitation(state, { accountId: 'ann' }, NOW));
  expect(await why()).toBe(VOID);
});

it('voids the link of a withdrawn batch before the account has the end of its invitation', async () => {
  const { why, withdraw } = await withInvitation();
  await withdraw('summer');
  expect(await why()).toBeUndefined();
  await withdraw('spring');
  expect(await why()).toBe(VOID);
});

it('asks for no link of other notices', async () => {
  const { why } = await withInvitation();
  expect(await why({ kind: 'address-confirmation', requestId: 'r1' })).toBe(VOID);
  expect(await why({ kind: 'account-deactivated' as Notice['kind'] })).toBeUndefined();
});

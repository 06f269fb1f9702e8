import { expect, it } from '@jest/globals';
import { eventRules } from '../../../test/support/event-rules.js';
import { memoryLog } from '../../../test/support/memory-log.js';
import { reviewedCases } from '../../../test/support/reviewed-cases.js';
import { enforcementStream, type Order } from '../../enforcement/index.js';
import { Transactor } from '../../event-store/transact.js';
import { systemClock } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { timeOrderedIds } from '../../kernel/ids.js';
import { appealStream } from '../appeal.js';
import type { AppealEvent } from '../events.js';
import { StoredHearings } from './stored-hearings.js';

const [accountId, caseId] = ['acc-1', 'img-1'];
const CONTEXT: CommandContext = { actor: { kind: 'service', id: 'web', role: 'service' }, correlationid: 'spec' };
const order: Order = { accountId, caseId, imageId: caseId, measure: 'deactivate', categories: [] };
const about = { appealId: caseId, number: 1, accountId, caseId, order: 1 };
const filed: AppealEvent = {
  type: 'AppealFiled',
  data: { ...about, text: 'mine', hasNewEvidence: false, dueAt: '2022-06-01T09:00:00.000Z' },
};
const decision = { ...about, round: 1, reviewer: 'rev-1', reason: 'art' };
const GRANTED: AppealEvent = { type: 'AppealGranted', data: decision };
const IN_PART: AppealEvent = { type: 'AppealPartlyGranted', data: { ...decision, clause: 'spam' } };
const DENIED: AppealEvent = { type: 'AppealDenied', data: decision };
const LAPSED: AppealEvent = { type: 'AppealLapsed', data: about };
const reversed = { type: 'EnforcementReversed' as const, data: { accountId, caseId, reason: 'appeal', appeal: 1 } };
const ordered = { type: 'EnforcementOrdered' as const, data: order };

it.each([
  ['none without an appeal', [], [], 'none'],
  ['open until it is decided', [filed], [], 'open'],
  ['open until what was granted is undone', [filed, GRANTED], [], 'open'],
  ['open until what was granted in part is replaced', [filed, IN_PART], [], 'open'],
  ['decided once it is undone', [filed, GRANTED], [reversed], 'decided'],
  ['decided once it is replaced', [filed, IN_PART], [reversed, ordered], 'decided'],
  ['none once it is undone and something else was ordered', [filed, GRANTED], [reversed, ordered], 'none'],
  ['decided at once if it was denied', [filed, DENIED], [], 'decided'],
  ['none if it lapsed and something else was ordered', [filed, LAPSED], [reversed, ordered], 'none'],
])('the appeal against a case is %s', async (_, appeal, enforcement, expected) => {
  const { store } = memoryLog();
  const transactor = new Transactor(store, timeOrderedIds(systemClock), systemClock, eventRules);
  await transactor.transact(enforcementStream, caseId, CONTEXT, () => [ordered, ...enforcement]);
  if (appeal.length > 0) await transactor.transact(appealStream, caseId, CONTEXT, () => appeal);
  expect(await new StoredHearings(transactor).statusOf(caseId)).toBe(expected);
});

it('is none of a case that was confirmed anew after a later round had undone what was appealed against', async () => {
  const { store } = memoryLog();
  const transactor = new Transactor(store, timeOrderedIds(systemClock), systemClock, eventRules);
  const cases = reviewedCases(() => transactor);
  const status = () => new StoredHearings(transactor).statusOf(caseId);
  const confirm = async (position: number) => {
    await cases.open(caseId, accountId, position);
    await cases.judge(caseId, 'unsafe', 'violent');
  };
  await confirm(1);
  const since = { ...filed, data: { ...filed.data, since: 1 } } as AppealEvent;
  await transactor.transact(appealStream, caseId, CONTEXT, () => [since, DENIED]);
  await cases.reopen(caseId);
  await cases.judge(caseId, 'unsafe', 'violent');
  expect(await status()).toBe('decided');
  await cases.reopen(caseId);
  await cases.judge(caseId, 'safe');
  await confirm(1_000);
  expect(await status()).toBe('none');
});

import { expect, it } from '@jest/globals';
import { enforcementContext } from '../../enforcement/index.js';
import { imageRulesContext } from '../../image-rules/index.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { policyContext } from '../../policy/index.js';
import { preservationContext } from '../../preservation/index.js';
import { EarlierEvents, type ReadOnce } from './earlier-events.js';
import { explainStored } from './explain-stored.js';

const contexts = [policyContext, imageRulesContext, preservationContext, enforcementContext];
const START = Date.UTC(2022, 4, 18);

type Given = [type: string, data: Record<string, unknown>, more?: Partial<RecordedEvent['metadata']>];

/** Stored in one stream, a minute apart, each by a command of its own. */
const stored = (stream: string, ...events: Given[]): RecordedEvent[] =>
  events.map(([type, data, more], revision) => {
    const time = new Date(START + revision * 60_000).toISOString();
    const actor = { kind: 'user' as const, id: 'olga', role: 'operator' };
    const metadata = { source: '/gatehouse', subject: stream, schemaversion: 1, correlationid: `c-${revision}` };
    return {
      ...{ id: `e-${revision}`, type, data, stream, revision, position: revision + 1, recordedAt: time },
      metadata: { ...metadata, time, actor, ...more },
    };
  });

/** @param others events of other streams, all stored before */
const explain = async (
  history: readonly RecordedEvent[],
  event = history.at(-1)!,
  others: readonly RecordedEvent[] = [],
) => {
  const stream = async (name: string) => [...others, ...history].filter((one) => one.stream === name);
  const read = { stream, event: async () => undefined } as unknown as ReadOnce;
  return (await explainStored(event, new EarlierEvents(read, event.position), contexts))?.explanation;
};

const published = (version: string, more = {}): Given => ['ContentPolicyPublished', { version, ...more }];

it('makes a decision again that agrees, and says that each rule holds', async () => {
  const history = stored('policy', published('1'), published('2'));
  expect(await explain(history)).toEqual({
    rules: [
      ...['clause-ids-distinct', 'effective-date-ahead', 'version-not-withdrawn', 'version-not-superseded'],
      ...['version-new', 'changes-something'],
    ].map((rule) => ({ rule, outcome: 'holds' })),
    decided: [{ type: 'ContentPolicyPublished', data: { version: '2' } }],
    agrees: true,
  });
});

it('names the rule that a stored event breaks, and none that was not asked after it', async () => {
  const withdrawn: Given = ['ContentPolicyWithdrawn', { version: '1', reason: 'a mistake' }];
  const history = stored('policy', published('1'), withdrawn);
  const explanation = await explain(history);
  expect(explanation).toMatchObject({ decided: null, agrees: false });
  expect(explanation!.rules).toEqual([
    { rule: 'version-known', outcome: 'holds' },
    { rule: 'nobody-relies-on-it', outcome: 'holds' },
    { rule: 'another-version-in-force', outcome: 'broken', detail: expect.stringContaining('the only one in force') },
  ]);
});

it('finds that a decision would have changed nothing', async () => {
  const rule: Given = ['ImageRuleSet', { rule: 'face-sharing', reason: 'a test' }];
  const explanation = await explain(stored('rules', rule, rule));
  expect(explanation).toMatchObject({ decided: [], agrees: false });
  expect(explanation!.rules.at(-1)).toEqual({ rule: 'changes-something', outcome: 'broken' });
});

it('explains each event of a decision that stored several', async () => {
  const hold = (holdId: string): Given => [
    'LegalHoldPlaced',
    { accountId: 'acc-1', holdId, caseId: 'img-1', reason: 'an order' },
  ];
  const lifted = (holdId: string): Given => [
    'LegalHoldLifted',
    { accountId: 'acc-1', holdId, caseId: 'img-1', reason: 'it ended' },
    { correlationid: 'together' },
  ];
  const history = stored('preservation-acc-1', hold('h-1'), hold('h-2'), lifted('h-1'), lifted('h-2'));
  expect(await explain(history, history[2])).toMatchObject({ agrees: true, decided: [{}, {}] });
  expect(await explain(history, history[3])).toMatchObject({ agrees: true });
  const altered = { ...history[3]!, data: { ...history[3]!.data, caseId: 'img-2' } };
  expect(await explain(history, altered)).toMatchObject({ agrees: false });
});

it('decides at the moment at which a decision read the clock, shortly before its event was stored', async () => {
  const target = {
    name: 'gallery',
    consequences: ['deactivate'],
    deadlineSeconds: 60,
    retrySeconds: 60,
    reason: 'a test',
  };
  const targets = stored('targets', ['EnforcementTargetRegistered', target]);
  const order = { accountId: 'acc-1', caseId: 'img-1', measure: 'deactivate', categories: [], targets: ['gallery'] };
  const overdue = (nextAttemptAt: string): Given => [
    'EnforcementOverdue',
    {
      ...{ accountId: 'acc-1', caseId: 'img-1', targets: ['gallery'], measure: 'deactivate', isReversal: false },
      ...{ attempt: 1, nextAttemptAt },
    },
    { time: new Date(START + 90_017).toISOString() },
  ];
  const at = (ms: number) =>
    stored('enforcement-img-1', ['EnforcementOrdered', order], overdue(new Date(ms).toISOString()));
  expect(await explain(at(START + 150_010), undefined, targets)).toMatchObject({ agrees: true });
  expect(await explain(at(START + 990_010), undefined, targets)).toMatchObject({ agrees: false });
});

it('explains no event that no decision of these contexts made', async () => {
  expect(await explain(stored('facts-1', ['ImageGenerated', { imageId: 'img-1' }]))).toBeUndefined();
  expect(await explain(stored('rules', ['constructor', {}]))).toBeUndefined();
});

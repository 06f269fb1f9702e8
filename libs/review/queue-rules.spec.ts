import { describe, expect, it } from '@jest/globals';
import { entityTagOf, IfMatch } from '../http/if-match.js';
import { fold } from '../kernel/decider.js';
import { DEFAULT_QUEUE, queueOf, reviewSettingsStream, setQueueRules, setSampling } from './queue-rules.js';
import { QueueRulesSet } from './routing-events.js';
import { SamplingSet } from './sampling-events.js';

const data = QueueRulesSet.example;
const { initial } = reviewSettingsStream;
const set = fold(reviewSettingsStream, setQueueRules(initial, data));

describe('the queue rules', () => {
  it('are one queue without rules until somebody sets them', () => {
    expect(initial).toMatchObject({ queues: [{ id: DEFAULT_QUEUE }], rules: [], default: DEFAULT_QUEUE, version: 0 });
  });

  it('replace those before, under the next version', () => {
    expect(setQueueRules(initial, data)).toEqual([{ type: 'QueueRulesSet', data }]);
    const { reason: _, ...rules } = data;
    expect(set).toMatchObject({ ...rules, version: 1 });
    expect(set).not.toHaveProperty('reason');
  });

  it('are a no-op for the same queues and rules, whatever the order of their members and the reason', () => {
    const reordered = data.queues.map((queue) => Object.fromEntries(Object.entries(queue).reverse()) as typeof queue);
    expect(setQueueRules(set, { ...data, queues: reordered, reason: 'another one' })).toEqual([]);
    expect(setQueueRules(set, { ...data, queues: [...data.queues].reverse() })).toHaveLength(1);
    expect(setQueueRules(set, { ...data, patienceHours: 25 })).toHaveLength(1);
  });

  it('refuse a queue that is repeated, and rules and a default that name none', () => {
    const wrong = {
      ...data,
      queues: [{ id: 'a' }, { id: 'a' }],
      rules: [{ queue: 'a' }, { queue: 'gone' }],
      default: 'other',
    };
    expect(() => setQueueRules(initial, wrong)).toThrow(
      expect.objectContaining({
        errors: [
          expect.objectContaining({ field: '/queues/1/id' }),
          expect.objectContaining({ field: '/rules/1/queue' }),
          expect.objectContaining({ field: '/default' }),
        ],
      }),
    );
  });

  it('know their queues and no others', () => {
    expect(queueOf(set, 'severe')).toMatchObject({ skill: 'severe' });
    expect(() => queueOf(set, 'gone')).toThrow(expect.objectContaining({ code: 'queue-unknown' }));
  });
});

describe('the sampling', () => {
  const given = { secondReviewPercent: 5, secondReviewOfDeactivations: true, goldenPercent: 3, reason: 'a test' };
  const stored = { ...given, prevalencePerMillion: 0 };
  const sampled = fold(
    reviewSettingsStream,
    setSampling(initial, given).map((event) => ({ ...event, metadata: { time: '2022-05-19T10:00:00Z' }, position: 7 })),
  );

  it('is stored whole: what is left out stays as it was', () => {
    expect(setSampling(initial, given)).toEqual([{ type: SamplingSet.type, data: stored }]);
    const { goldenPercent: _, ...others } = { ...given, secondReviewPercent: 6 };
    expect(setSampling(sampled, others)).toMatchObject([{ data: { secondReviewPercent: 6, goldenPercent: 3 } }]);
    expect(setSampling(sampled, { prevalencePerMillion: 200, reason: 'a test' })).toEqual([
      { type: SamplingSet.type, data: { ...given, prevalencePerMillion: 200 } },
    ]);
    expect(sampled.queues).toEqual(initial.queues);
  });

  it('is refused to somebody who has read it before its last change', () => {
    const { changedAt } = sampled.sampling;
    const allow = (position: number, events = setSampling(sampled, { ...given, goldenPercent: 0 })) =>
      new IfMatch(entityTagOf(position, 'epoch'), 'epoch').allow(events, changedAt, 'the sampling');
    expect(allow(changedAt)).toHaveLength(1);
    expect(() => allow(changedAt - 1)).toThrow(expect.objectContaining({ code: 'changed-meanwhile' }));
  });

  it('is a no-op for the same shares, whatever the reason', () => {
    expect(setSampling(sampled, { ...given, reason: 'another one' })).toEqual([]);
    expect(setSampling(sampled, { ...given, prevalencePerMillion: 0 })).toEqual([]);
    expect(setSampling(sampled, { reason: 'nothing else' })).toEqual([]);
  });
});

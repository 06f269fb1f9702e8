import { describe, expect, it } from '@jest/globals';
import type { Admin } from 'kafkajs';
import { createTopics } from './create-topics.js';

type Answer = number[] | Error;

/** A broker that answers as given about the leaders of the partitions of one topic, and then about their offsets. */
function brokerThat(leaders: Answer[], offsets: ('known' | Error)[] = ['known']) {
  const asked: string[] = [];
  const next = <One>(answers: One[]) => (answers.length > 1 ? answers.shift()! : answers[0]!);
  const admin = {
    createTopics: async () => true,
    async fetchTopicMetadata() {
      asked.push('leaders');
      const answer = next(leaders);
      if (answer instanceof Error) throw answer;
      const partitions = answer.map((leader, partitionId) => ({
        ...{ partitionErrorCode: 0, partitionId, leader, replicas: [], isr: [] },
      }));
      return { topics: [{ name: 'facts', partitions }] };
    },
    async fetchTopicOffsets() {
      asked.push('offsets');
      const answer = next(offsets);
      if (answer instanceof Error) throw answer;
      return [];
    },
  };
  return { admin: admin as Pick<Admin, 'createTopics' | 'fetchTopicMetadata' | 'fetchTopicOffsets'>, asked };
}

const answers = (type: string) => Object.assign(new Error(type), { type });
const topics = [{ topic: 'facts', numPartitions: 2 }];

describe('createTopics', () => {
  it('waits until the broker knows every partition, and each has a leader that answers', async () => {
    const unknown = answers('UNKNOWN_TOPIC_OR_PARTITION');
    const { admin, asked } = brokerThat(
      [unknown, [1], [1, -1], [1, 1]],
      [answers('NOT_LEADER_FOR_PARTITION'), 'known'],
    );
    await createTopics(admin, topics);
    expect(asked).toEqual(['leaders', 'leaders', 'leaders', 'leaders', 'offsets', 'leaders', 'offsets']);
  });

  it('waits for as many partitions as the broker chooses, at least one', async () => {
    const { admin, asked } = brokerThat([[], [2]]);
    await createTopics(admin, [{ topic: 'facts' }]);
    expect(asked).toEqual(['leaders', 'leaders', 'offsets']);
  });

  it('fails with the reason if that takes too long, or if the broker answers something else', async () => {
    const never = brokerThat([[1, -1]]);
    await expect(createTopics(never.admin, topics, 0)).rejects.toThrow(/a partition of topic facts has no leader yet/);
    const refused = brokerThat([answers('TOPIC_AUTHORIZATION_FAILED')]);
    await expect(createTopics(refused.admin, topics)).rejects.toThrow('TOPIC_AUTHORIZATION_FAILED');
    expect(refused.asked).toEqual(['leaders']);
  });
});

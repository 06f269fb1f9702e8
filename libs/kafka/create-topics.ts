import type { Admin, ITopicConfig } from 'kafkajs';
import { pause } from '../kernel/wait.js';

const LIMIT_MS = 10_000;
const POLL_MS = 100;
/** The number of partitions is the broker's choice. */
const BROKER_DEFAULT = -1;
/** What a broker answers about a topic that it has not heard of yet, or that has no leader yet. */
const NOT_YET = ['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE', 'NOT_LEADER_FOR_PARTITION'];

/**
 * Creates topics and waits until each of their partitions has a leader that answers. kafkajs' own wait fails if the broker that
 * it asks has not heard of a new topic yet.
 * @throws Error if that takes too long, and what the broker answers
 */
export async function createTopics(admin: CreatingAdmin, topics: ITopicConfig[], limitMs = LIMIT_MS): Promise<void> {
  await admin.createTopics({ topics, waitForLeaders: false });
  for (const since = performance.now(); ; await pause(POLL_MS)) {
    try {
      await requireLeaders(admin, topics);
      return;
    } catch (error) {
      if (!isNotYet(error) || performance.now() - since > limitMs) throw error;
    }
  }
}

type CreatingAdmin = Pick<Admin, 'createTopics' | 'fetchTopicMetadata' | 'fetchTopicOffsets'>;

/** @throws LeaderMissing, and what the broker answers */
async function requireLeaders(admin: CreatingAdmin, topics: readonly ITopicConfig[]): Promise<void> {
  const { topics: known } = await admin.fetchTopicMetadata({ topics: topics.map(({ topic }) => topic) });
  for (const { topic, numPartitions = BROKER_DEFAULT } of topics) {
    const partitions = known.find(({ name }) => name === topic)?.partitions ?? [];
    const isComplete = partitions.length >= Math.max(1, numPartitions);
    if (isComplete && partitions.every(({ leader }) => leader >= 0)) continue;
    throw new LeaderMissing(
      `a partition of topic ${topic} has no leader yet: try again once the brokers have chosen one`,
    );
  }
  // A broker that is to lead a partition may not know that yet.
  await Promise.all(topics.map(({ topic }) => admin.fetchTopicOffsets(topic)));
}

class LeaderMissing extends Error {}

/** kafkajs wraps the last error of its own few attempts. */
function isNotYet(error: unknown): boolean {
  if (error instanceof LeaderMissing) return true;
  const { type, cause } = error as { type?: string; cause?: unknown };
  return NOT_YET.includes(type ?? '') || (cause !== undefined && isNotYet(cause));
}

import type { Admin, ITopicConfig } from 'kafkajs';
import { pause } from '../kernel/wait.js';

const LIMIT_MS = 10_000;
const POLL_MS = 100;
/** What a broker answers about a topic that it has not heard of yet, or that has no leader yet. */
const NOT_YET = ['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE'];

/**
 * Creates topics and waits until they can be used. kafkajs' own wait fails if the broker that it asks has not heard of a new
 * topic yet.
 */
export async function createTopics(admin: Admin, topics: ITopicConfig[]): Promise<void> {
  await admin.createTopics({ topics, waitForLeaders: false });
  for (const since = performance.now(); ; await pause(POLL_MS)) {
    try {
      await admin.fetchTopicMetadata({ topics: topics.map(({ topic }) => topic) });
      return;
    } catch (error) {
      if (!isNotYet(error) || performance.now() - since > LIMIT_MS) throw error;
    }
  }
}

/** kafkajs wraps the last error of its own few attempts. */
function isNotYet(error: unknown): boolean {
  const { type, cause } = error as { type?: string; cause?: unknown };
  return NOT_YET.includes(type ?? '') || (cause !== undefined && isNotYet(cause));
}

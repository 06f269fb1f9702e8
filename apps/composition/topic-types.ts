import type { Settings } from '../../libs/platform/configuration/settings.js';
import { StartFailure } from '../../libs/platform/start-failure.js';

type Topics = Pick<Settings, 'kafkaFactsTopic' | 'kafkaTypeTopics' | 'kafkaTopicTypes'>;

export const ingestedTopics = ({ kafkaFactsTopic, kafkaTypeTopics }: Topics): string[] => [
  kafkaFactsTopic,
  ...kafkaTypeTopics,
];

/**
 * The event types that a topic may carry.
 * @throws StartFailure for a topic that is not read or a type that is not accepted: a typing error would allow everything
 */
export function topicTypes(settings: Topics, accepted: readonly string[]): Settings['kafkaTopicTypes'] {
  const topics = ingestedTopics(settings);
  for (const [topic, types] of settings.kafkaTopicTypes) {
    if (!topics.includes(topic)) refuse(`names the topic ${topic}, from which no events are ingested`, topics);
    const unknown = types.find((type) => !accepted.includes(type));
    if (unknown !== undefined) refuse(`names ${unknown}, which is no type of event that is accepted`, accepted);
  }
  return settings.kafkaTopicTypes;
}

function refuse(what: string, allowed: readonly string[]): never {
  throw new StartFailure('invalid-settings', `GATEHOUSE_KAFKA_TOPIC_TYPES ${what}: use one of ${allowed.join(', ')}`);
}

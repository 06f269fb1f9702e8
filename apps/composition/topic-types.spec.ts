import { describe, expect, it } from '@jest/globals';
import { readSettings } from '../../libs/platform/configuration/settings.js';
import { topicTypes } from './topic-types.js';

const read = (value: string) =>
  topicTypes(readSettings({ GATEHOUSE_KAFKA_TYPE_TOPICS: 'reviews', GATEHOUSE_KAFKA_TOPIC_TYPES: value }), [
    'ImageShared',
    'VerdictGiven',
  ]);

describe('The types of a topic', () => {
  it('are those that the setting names', () => {
    expect([...read('gatehouse.facts=ImageShared,reviews=VerdictGiven+ImageShared')]).toEqual([
      ['gatehouse.facts', ['ImageShared']],
      ['reviews', ['VerdictGiven', 'ImageShared']],
    ]);
    expect([...read('')]).toEqual([]);
  });

  it.each([
    ['other=ImageShared', /the topic other, .*use one of gatehouse.facts, reviews/],
    ['reviews=ImageShred', /ImageShred, .*use one of ImageShared, VerdictGiven/],
    ['reviews', /GATEHOUSE_KAFKA_TOPIC_TYPES is "reviews"/],
    ['reviews=', /GATEHOUSE_KAFKA_TOPIC_TYPES is/],
    ['reviews=ImageShared,reviews=VerdictGiven', /GATEHOUSE_KAFKA_TOPIC_TYPES is/],
  ])('refuse %s', (value, message) => {
    expect(() => read(value)).toThrow(message);
  });
});

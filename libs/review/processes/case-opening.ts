import { ContentFlagged } from '../../images/index.js';
import { type Consumer, defineConsumer } from '../../subscriptions/consumer.js';
import type { FlagProcessing } from '../features/flag-processing.js';
import { CASE_OPENING } from '../review-actions.js';

/** Opens cases for flags. */
export const caseOpening = (process: FlagProcessing): Consumer =>
  defineConsumer({
    name: CASE_OPENING,
    events: [ContentFlagged],
    key: (event) => event.data.imageId,
    react: process,
  });

import { AppealDenied, AppealFiled, AppealGranted, AppealLapsed, AppealPartlyGranted } from '../../appeals/index.js';
import { AuthorityOrderRecorded, DisputeRecorded, TrustedFlaggerSet } from '../../authorities/index.js';
import { EnforcementOrdered } from '../../enforcement/index.js';
import type { EventStore } from '../../event-store/event-store.js';
import { ContentFlagged, ImageWithheld } from '../../images/index.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import {
  CaseJoined,
  CaseOpened,
  ModelProblemFound,
  ReviewAmended,
  ReviewConfirmed,
  ReviewDismissed,
  ReviewUpheld,
} from '../../review/index.js';
import type { Dataset, Row } from './dataset.js';
import { pageOfLog } from './log-rows.js';

/** What the figures of content moderation follow from. */
const MODERATION: readonly string[] = [
  ...[ContentFlagged, CaseOpened, CaseJoined],
  ...[ReviewConfirmed, ReviewUpheld, ReviewAmended, ReviewDismissed, ModelProblemFound],
  ...[EnforcementOrdered, ImageWithheld],
  ...[AppealFiled, AppealGranted, AppealPartlyGranted, AppealDenied, AppealLapsed],
  ...[AuthorityOrderRecorded, DisputeRecorded, TrustedFlaggerSet],
].map(({ type }) => type);

export const moderationDataset = (store: Pick<EventStore, 'readAll'>): Dataset => ({
  summary:
    'Each flag, case, review, measure, withheld image and appeal, and what is recorded of authorities, in the order of the log.',
  columns: [
    { name: 'position', type: 'integer', meaning: 'Place in the one order of all events.' },
    { name: 'type', type: 'text', meaning: 'The type of the event.' },
    { name: 'recordedAt', type: 'time', meaning: 'When it was stored.' },
    {
      name: 'data',
      type: 'json',
      meaning: 'The event’s data; personal fields are encrypted. Null if the event is broken.',
    },
  ],
  page: (range, place, limit) => pageOfLog(store, range, place, limit, moderationRow, MODERATION),
});

const moderationRow = ({ position, type, recordedAt, data, fault }: RecordedEvent): Row => ({
  ...{ position, type, recordedAt },
  data: fault === undefined ? data : null,
});

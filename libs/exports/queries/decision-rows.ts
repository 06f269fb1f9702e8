import {
  AccountDeactivated,
  AccountReinstated,
  AccountRestricted,
  AccountSuspended,
  CauseLifted,
  DeactivationCauseAdded,
  StrikeIssued,
  StrikeRescinded,
} from '../../account/index.js';
import { AppealDenied, AppealGranted, AppealPartlyGranted } from '../../appeals/index.js';
import { EnforcementLifted, EnforcementOrdered, EnforcementReversed, LadderSet } from '../../enforcement/index.js';
import type { EventStore } from '../../event-store/event-store.js';
import { ImageRestored, ImageWithheld } from '../../images/index.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { ContentPolicyPublished, ContentPolicyWithdrawn } from '../../policy/index.js';
import {
  ModelProblemFound,
  ReviewAmended,
  ReviewConfirmed,
  ReviewDismissed,
  ReviewOverturned,
  ReviewUpheld,
  VerdictGiven,
} from '../../review/index.js';
import { OnboardingPaused, OnboardingRateSet, OnboardingResumed, RolloutPhaseSet } from '../../rollout/index.js';
import { ActionResumed, ActionSuspended } from '../../switches/index.js';
import { ACTOR_COLUMNS, actorOf, type Dataset, type Row } from './dataset.js';
import { pageOfLog } from './log-rows.js';

/** What people and rules decided about content, accounts and the rollout. */
const DECISIONS: readonly string[] = [
  ...[VerdictGiven, ReviewConfirmed, ReviewDismissed, ModelProblemFound, ReviewOverturned, ReviewAmended, ReviewUpheld],
  ...[EnforcementOrdered, EnforcementReversed, EnforcementLifted, LadderSet],
  ...[AccountDeactivated, DeactivationCauseAdded, CauseLifted, AccountReinstated, AccountSuspended, AccountRestricted],
  ...[StrikeIssued, StrikeRescinded, ImageWithheld, ImageRestored],
  ...[AppealGranted, AppealPartlyGranted, AppealDenied],
  ...[ContentPolicyPublished, ContentPolicyWithdrawn, ActionSuspended, ActionResumed],
  ...[OnboardingRateSet, OnboardingPaused, OnboardingResumed, RolloutPhaseSet],
].map(({ type }) => type);

/** The members of an event's data that name what it is about or why; each is a column. */
const NAMED = [
  ['caseId', 'The case.'],
  ['imageId', 'The image.'],
  ['accountId', 'The account.'],
  ['enforcementId', 'The enforcement.'],
  ['appealId', 'The appeal.'],
  ['verdict', 'The verdict, of VerdictGiven.'],
  ['clause', 'The clause of the content policy.'],
  ['reason', 'Why, if it is stored in clear.'],
] as const;

export const decisionsDataset = (store: Pick<EventStore, 'readAll'>): Dataset => ({
  summary:
    'Each verdict, review, enforcement, measure and appeal, each pause of the rollout, and each change of policy, ladder, switches, rate or phase, in the order of the log.',
  columns: [
    { name: 'position', type: 'integer', meaning: 'Place in the one order of all events.' },
    { name: 'id', type: 'text', meaning: 'The event of the decision.' },
    { name: 'type', type: 'text', meaning: 'What was decided: the type of the event.' },
    { name: 'time', type: 'time', meaning: 'When it was decided.' },
    { name: 'recordedAt', type: 'time', meaning: 'When it was stored.' },
    ...ACTOR_COLUMNS,
    ...NAMED.map(([name, meaning]) => ({ name, type: 'text' as const, meaning })),
    { name: 'correlationId', type: 'text', meaning: 'What all events of one request have in common.' },
    { name: 'causationId', type: 'text', meaning: 'The event that caused it.' },
    { name: 'data', type: 'json', meaning: 'All of the event’s data; personal fields are encrypted.' },
  ],
  page: (range, place, limit) => pageOfLog(store, range, place, limit, decisionRow, DECISIONS),
});

const ENCRYPTED = /^sealed:/;

function decisionRow(event: RecordedEvent): Row {
  const { position, id, type, recordedAt, data, metadata } = event;
  const named = NAMED.map(([name]) => {
    const value = data[name];
    return [name, typeof value === 'string' && !ENCRYPTED.test(value) ? value : null];
  });
  return {
    ...{ position, id, type, time: metadata.time ?? null, recordedAt },
    ...actorOf(event),
    ...Object.fromEntries(named),
    ...{ correlationId: metadata.correlationid ?? null, causationId: metadata.causationid ?? null, data },
  };
}

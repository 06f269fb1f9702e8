import { Type } from 'typebox';
import { defineEvent, type EventOf } from '../events/event-definition.js';
import { Count, EntityId, eventData, Instant, Label, Line } from '../events/schemas.js';

/** What a bulk job does to each case. */
export const BULK_ACTIONS = ['dismiss', 'confirm', 'requeue'] as const;
/** The action of a job that undoes what another one did. */
export const UNDOING = 'compensate';
/** Maximum cases of a job. */
export const MAX_BULK_CASES = 100_000;

const jobId = EntityId('The bulk job.');
const counts = {
  handled: Count('Cases that the job has processed, also those that refused.'),
  refused: Count('Cases that refused, such as those that somebody has claimed.'),
};

const Filter = Type.Object(
  {
    queue: Type.Optional(Label('Only cases in this queue.')),
    category: Type.Optional(Label('Only cases of which flags name this category.')),
    account: Type.Optional(EntityId('Only cases of this account.')),
    openedBefore: Type.Optional(Instant('Only cases that were opened before this time.')),
    openedAfter: Type.Optional(Instant('Only cases that were opened after this time.')),
  },
  { additionalProperties: false, description: 'Which open cases: those that meet every condition.' },
);

export const BulkJobStarted = defineEvent({
  type: 'BulkJobStarted',
  version: 1,
  summary:
    'A lead let one decision be taken on every open case of a query. The events of the cases name this one as their cause.',
  schema: eventData({
    jobId,
    action: Type.Enum([...BULK_ACTIONS, UNDOING], {
      description: 'What is done to each case; `compensate`: what another job did is undone.',
    }),
    compensates: Type.Optional(EntityId('For compensate: the job that is undone.')),
    filter: Filter,
    clause: Type.Optional(Label('For confirm: the clause of the content policy that the images violate.')),
    toQueue: Type.Optional(Label('For requeue: the queue that is to have them.')),
    matched: Count('Cases that met the filter then, or that the other job has changed.', 0, MAX_BULK_CASES),
    reason: Line('Why.', 1),
  }),
  example: {
    jobId: 'bulk-1',
    action: 'dismiss',
    filter: { queue: 'detected', category: 'violent' },
    matched: 120,
    reason: 'a detector was wrong',
  },
});

export const BulkJobAdvanced = defineEvent({
  type: 'BulkJobAdvanced',
  version: 1,
  summary: 'A bulk job has processed more cases; after an interruption it resumes behind them.',
  schema: eventData({
    jobId,
    through: EntityId('The last of them, in the order of their ids.'),
    ...counts,
    skipped: Type.Optional(
      Type.Array(eventData({ caseId: EntityId('The case.'), because: Label('The code of its refusal.') }), {
        maxItems: 1_000,
        description: 'Those of them that refused since the last such event. Absent from earlier releases.',
      }),
    ),
  }),
  example: { jobId: 'bulk-1', through: 'img-9', handled: 100, refused: 2 },
});

export const BulkJobCancelled = defineEvent({
  type: 'BulkJobCancelled',
  version: 1,
  summary: 'A lead cancelled a bulk job. What it has done stays.',
  schema: eventData({ jobId, reason: Line('Why.', 1) }),
  example: { jobId: 'bulk-1', reason: 'the wrong queue' },
});

export const BulkJobEnded = defineEvent({
  type: 'BulkJobEnded',
  version: 1,
  summary: 'A bulk job has processed every case, or was cancelled.',
  schema: eventData({ jobId, ...counts }),
  example: { jobId: 'bulk-1', handled: 120, refused: 2 },
});

/** The events of a bulk job's stream. */
export const bulkEvents = [BulkJobStarted, BulkJobAdvanced, BulkJobCancelled, BulkJobEnded];

export type BulkEvent = EventOf<(typeof bulkEvents)[number]>;

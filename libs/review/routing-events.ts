import { Type } from 'typebox';
import { defineEvent, type EventOf } from '../events/event-definition.js';
import {
  Count,
  EntityId,
  eventData,
  Instant,
  Label,
  Line,
  MAX_SEVERITY,
  Name,
  PersonalText,
} from '../events/schemas.js';

import { FLAG_SOURCES } from './flagging-events.js';
import { SamplingSet } from './sampling-events.js';

export { MAX_SEVERITY };

/** Maximum queues. */
export const MAX_QUEUES = 50;
/** Maximum routing rules. */
export const MAX_RULES = 100;
/** The highest priority. */
export const MAX_PRIORITY = 100;
/** Maximum hours of patience: 30 days. */
export const MAX_PATIENCE_HOURS = 720;
/** Maximum reviewers whose verdicts decide a case. */
export const MAX_PANEL = 25;
/** What the priority of a case consists of. */
export const PRIORITY_PARTS = ['severity', 'confidence', 'reach', 'flaggers', 'account'] as const;

const queue = Label('The queue.');

export const CaseRouted = defineEvent({
  type: 'CaseRouted',
  version: 1,
  summary: 'A case was put into a queue with a priority, or got another queue or priority.',
  schema: eventData({
    caseId: EntityId('The case; it has the id of its image.'),
    queue,
    priority: Count(
      'How urgent it is, from 0 to 100: the sum of the points of its parts, without the age, which grows with the clock.',
      0,
      MAX_PRIORITY,
    ),
    parts: Type.Array(
      eventData({
        part: Type.Enum([...PRIORITY_PARTS], { description: 'What the points are for.' }),
        points: Count('Points.', 0, MAX_PRIORITY),
        of: Count('The most points that this part can have.', 0, MAX_PRIORITY),
        because: Line('Why it has these points.', 1),
      }),
      { maxItems: PRIORITY_PARTS.length, description: 'What the priority consists of.' },
    ),
    dueAt: Instant(
      'Its place in the queue: the case with the earliest is the next. Nothing opened later goes ahead of it.',
    ),
    rulesVersion: Count('The version of the queue rules that routed it; 0 for those without any setting.'),
    panelSize: Type.Optional(
      Count('From now on the number of distinct reviewers whose verdicts decide; absent if it stays.', 1, MAX_PANEL),
    ),
  }),
  example: {
    caseId: 'img-1',
    queue: 'severe',
    priority: 63,
    parts: [
      { part: 'severity', points: 45, of: 45, because: 'clause violent has severity 3 of 3' },
      { part: 'confidence', points: 14, of: 15, because: 'the most confident flag has 0.9' },
      { part: 'reach', points: 4, of: 20, because: 'shared or downloaded 1 time' },
      { part: 'flaggers', points: 0, of: 10, because: 'no flag of its flaggers is decided yet' },
      { part: 'account', points: 0, of: 10, because: 'no strike in force, and nothing imposed that was not undone' },
    ],
    dueAt: '2022-05-19T18:52:48.000Z',
    rulesVersion: 1,
  },
});

export const CaseMoved = defineEvent({
  type: 'CaseMoved',
  version: 1,
  summary:
    'Somebody moved a case to a queue, where it stays until the round ends. That ended the claim and the escalation.',
  personal: { person: 'by', fields: ['note'] },
  schema: eventData({
    caseId: EntityId('The case; it has the id of its image.'),
    queue,
    by: EntityId('Who moved it.'),
    note: Type.Optional(PersonalText(2000, 'Why. Stored encrypted.')),
    jobId: Type.Optional(EntityId('The bulk job that moved it; absent if none did, and from earlier releases.')),
    isByRules: Type.Optional(
      Type.Boolean({ description: 'Whether the rules decide about its queue again, as before a bulk job moved it.' }),
    ),
  }),
  example: { caseId: 'img-1', queue: 'severe', by: 'lead-1', note: 'hard to tell' },
});

const Queue = eventData({
  id: Label('What routes and rules name it by.'),
  title: Type.Optional(Line('Its title, for reviewers.', 1)),
  skill: Type.Optional(Label('The skill that its reviewers need.')),
  language: Type.Optional(Name('The language that its reviewers need, like `cy`.')),
  panel: Type.Optional(
    Count('The number of reviewers whose verdicts decide its cases; absent for that of the setting.', 1, MAX_PANEL),
  ),
});

const Rule = eventData({
  queue: Label('The queue of the cases that meet every condition of this rule.'),
  categories: Type.Optional(
    Type.Array(Label('A category.'), { minItems: 1, maxItems: 50, description: 'Flags name one of these categories.' }),
  ),
  sources: Type.Optional(
    Type.Array(Type.Enum([...FLAG_SOURCES], { description: 'A kind of flagger.' }), {
      minItems: 1,
      maxItems: FLAG_SOURCES.length,
      description: 'One of these flagged it.',
    }),
  ),
  minSeverity: Type.Optional(
    Count('The most severe clause that a flag names has at least this severity.', 0, MAX_SEVERITY),
  ),
  minConfidence: Type.Optional(
    Type.Number({ minimum: 0, maximum: 1, description: 'The most confident flag has at least this confidence.' }),
  ),
});

export const QueueRulesSet = defineEvent({
  type: 'QueueRulesSet',
  version: 1,
  summary: 'The queues of the review were set, and the rules by which cases get into them.',
  schema: eventData({
    queues: Type.Array(Queue, {
      minItems: 1,
      maxItems: MAX_QUEUES,
      description: 'The queues, each with an id of its own.',
    }),
    rules: Type.Array(Rule, {
      maxItems: MAX_RULES,
      description: 'The first rule that a case meets decides its queue.',
    }),
    default: Label('The queue of the cases that meet no rule.'),
    patienceHours: Count(
      'For how many hours cases that are opened later may go ahead of a case with priority 0.',
      1,
      MAX_PATIENCE_HOURS,
    ),
    reason: Line('Why.', 1),
  }),
  example: {
    queues: [{ id: 'default' }, { id: 'severe', title: 'Severe violations', skill: 'severe' }],
    rules: [{ queue: 'severe', minSeverity: 3 }],
    default: 'default',
    patienceHours: 24,
    reason: 'severe cases go to trained reviewers',
  },
});

/** The events of the stream `review-settings`. */
export const reviewSettingsEvents = [QueueRulesSet, SamplingSet];

export type ReviewSettingsEvent = EventOf<(typeof reviewSettingsEvents)[number]>;

import { Type } from 'typebox';
import { count, flag, instant, list, oneOf, orNull, text } from '../../http/openapi/answer-schemas.js';
import { toIso } from '../../kernel/clock.js';
import type { Actor } from '../../kernel/envelope.js';
import type { Case, Origin } from '../case.js';
import { VERDICTS } from '../events.js';
import { UNFLAGGED_ORIGINS } from '../golden-events.js';
import { agePoints } from '../place-in-queue.js';
import { DEFAULT_QUEUE } from '../queue-rules.js';
import { MAX_PRIORITY } from '../routing-events.js';
import { seesOrigin } from './reviewing-roles.js';

/* Fields shared by the answers about cases. */

export const CASE_ID = 'The case; it has the id of its image.';

export const CASE_STATUSES = ['open', 'claimed', 'confirmed', 'dismissed', 'model-problem', 'overturned'] as const;
export type CaseStatus = (typeof CASE_STATUSES)[number];

export const caseFields = {
  caseId: text('The case.'),
  imageId: text('The image; it has the same id.'),
  accountId: orNull(
    text('The account that generated the image, if known; while the case is open, flags may have reported it.'),
  ),
  status: oneOf(CASE_STATUSES, 'The status; `open` also for a claimed case whose lease has ended.'),
  round: count('1 for the first review of the image; a flag after a dismissal opens the next round.'),
  panelSize: count('The number of distinct reviewers whose verdicts decide.'),
  isEscalated: flag('Whether only leads can claim it.'),
  reservedFor: orNull(text('The reviewer who holds it, or to whom it was handed over: nobody else can claim it.')),
  reservedUntil: orNull(instant('Until when nobody else can.')),
  queue: text('The queue that it is in; for a closed case, that it was in.'),
  priority: count(
    'How urgent it is, from 0 to 100. It grows while the case waits; of a closed case it is what it was without its age.',
  ),
  dueAt: instant(
    'Its place in the queue: the case with the earliest is the next. About when its priority is 100, for which it waits at most the patience of the queues.',
  ),
  verdictsGiven: count(
    'The number of verdicts so far that the caller may see; none of others for a reviewer whose own is not final.',
  ),
  categories: list(Type.String(), 'The categories that flags name; once confirmed, those of the violation.'),
};

export const ORIGINS = ['flags', ...UNFLAGGED_ORIGINS] as const satisfies Origin[];

/** In answers about cases. */
export const originField = {
  origin: Type.Optional(
    oneOf(
      ORIGINS,
      'Why the round was opened: for flags, for a random sample of images that nobody flagged, or to measure reviewers. For leads, compliance and administrators only.',
    ),
  ),
};

/** What the reader may know of it. */
export const originFor = (origin: Origin, reader: Actor): { origin?: Origin } => (seesOrigin(reader) ? { origin } : {});

/** By when and how fast cases that wait become more urgent. */
export interface Waiting {
  patienceHours: number;
  /** Epoch milliseconds. */
  now: number;
}

/** The place of a case in its queue; until it is routed, in the default one as of its opening. */
export const placeOf = (state: Case, waiting: Waiting): { queue: string; priority: number; dueAt: string } => ({
  queue: state.route?.queue ?? DEFAULT_QUEUE,
  priority: (state.route?.priority ?? 0) + ageOf(state, waiting),
  dueAt: toIso(state.route?.dueAt ?? state.openedAt),
});

const ageOf = ({ status, openedAt, route }: Case, { patienceHours, now }: Waiting): number =>
  status === 'open' ? agePoints(openedAt, route?.priority ?? 0, patienceHours, now) : 0;

/** The part of the priority that grows with the clock, and so is in no event. */
export function agePart(state: Case, waiting: Waiting) {
  const minutes = Math.round(waiting.patienceHours * 6) / 10;
  const because =
    state.status === 'open'
      ? `open since ${toIso(state.openedAt)}: a point for each ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}, up to 100 in all`
      : 'closed, so it waits no longer';
  return {
    part: 'age' as const,
    points: ageOf(state, waiting),
    of: MAX_PRIORITY - (state.route?.priority ?? 0),
    because,
  };
}

export const verdictFields = {
  reviewer: text('The reviewer.'),
  source: Type.Optional(text('The system of a reviewer who is not ours.')),
  verdict: oneOf(VERDICTS, 'The verdict.'),
  clause: Type.Optional(text('The clause of the content policy that the image violates.')),
  finalAt: Type.Optional(instant('Until when it can be taken back; absent if it can’t.')),
};

export const VISIBLE =
  'The verdicts so far. A reviewer sees those of others on an open case only once their own is final.';

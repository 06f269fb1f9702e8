import type { DataOf } from '../events/event-definition.js';
import type { StreamKind } from '../kernel/decider.js';
import type { Position } from '../kernel/envelope.js';
import { type InvalidField, InvalidInput, NotFound } from '../kernel/errors.js';
import { type QueueRulesSet, type ReviewSettingsEvent, reviewSettingsEvents } from './routing-events.js';
import type { SamplingSet } from './sampling-events.js';

type Rules = DataOf<typeof QueueRulesSet>;
type SamplingData = DataOf<typeof SamplingSet>;

/** Which cases of a single reviewer get a second one, how many golden cases are mixed in, and how many images are reviewed without a flag. */
export interface Sampling extends Required<Omit<SamplingData, 'reason' | 'prevalenceQueue'>> {
  /** Where the cases of those images wait; absent: wherever the rules send them. */
  prevalenceQueue?: string;
  /** The position of the last change; 0 for none. */
  changedAt: Position;
}

export type Queue = Rules['queues'][number];
export type RoutingRule = Rules['rules'][number];

/** The queues of the review, and how cases get into them. */
export interface QueueRules extends Omit<Rules, 'reason'> {
  /** The number of times that they were set: cases routed by an older version are routed again. */
  version: number;
  /** The position of the last change; 0 for none. */
  changedAt: Position;
  sampling: Sampling;
}

/** Where cases are until queues are set, and those that were opened before there were any. */
export const DEFAULT_QUEUE = 'default';
const PATIENCE_HOURS = 24;
/** Of a sampling that an earlier release set. */
const NOT_GIVEN = { goldenPercent: 0, prevalencePerMillion: 0 };

/** The kind has a single stream, `review-settings`. */
export const reviewSettingsStream: StreamKind<QueueRules, ReviewSettingsEvent> = {
  category: 'review-settings',
  events: reviewSettingsEvents,
  initial: {
    queues: [{ id: DEFAULT_QUEUE }],
    rules: [],
    default: DEFAULT_QUEUE,
    patienceHours: PATIENCE_HOURS,
    version: 0,
    changedAt: 0,
    sampling: { secondReviewPercent: 0, secondReviewOfDeactivations: false, ...NOT_GIVEN, changedAt: 0 },
  },
  evolve(state, event, { position: changedAt }) {
    if (event.type === 'SamplingSet') {
      const { reason: _, ...sampling } = event.data;
      return { ...state, sampling: { ...NOT_GIVEN, ...sampling, changedAt } };
    }
    const { reason: _, ...rules } = event.data;
    return { ...rules, sampling: state.sampling, version: state.version + 1, changedAt };
  },
};

export interface SetSampling extends Partial<SamplingData> {
  reason: string;
  /** Whether the rules say where the cases of images without a flag wait, instead of a queue that was set for them. */
  isPrevalenceByRules?: boolean;
}

/** What is not given stays as it is. A no-op if it is set like this. @throws InvalidInput; NotFound queue-unknown */
export function setSampling(state: QueueRules, given: SetSampling): ReviewSettingsEvent[] {
  const { sampling } = state;
  if (given.isPrevalenceByRules && given.prevalenceQueue !== undefined) {
    const message = 'leave it out, or prevalenceQueue: the rules or that queue can have the cases, not both';
    throw new InvalidInput([{ field: '/isPrevalenceByRules', message }]);
  }
  if (given.prevalenceQueue !== undefined) queueOf(state, given.prevalenceQueue);
  const {
    secondReviewPercent = sampling.secondReviewPercent,
    secondReviewOfDeactivations = sampling.secondReviewOfDeactivations,
    goldenPercent = sampling.goldenPercent,
    prevalencePerMillion = sampling.prevalencePerMillion,
    prevalenceQueue = given.isPrevalenceByRules ? undefined : sampling.prevalenceQueue,
    reason,
  } = given;
  const isSame =
    sampling.secondReviewPercent === secondReviewPercent &&
    sampling.secondReviewOfDeactivations === secondReviewOfDeactivations &&
    sampling.goldenPercent === goldenPercent &&
    sampling.prevalencePerMillion === prevalencePerMillion &&
    sampling.prevalenceQueue === prevalenceQueue;
  const settings = {
    ...{ secondReviewPercent, secondReviewOfDeactivations, goldenPercent, prevalencePerMillion },
    ...(prevalenceQueue !== undefined && { prevalenceQueue }),
  };
  return isSame ? [] : [{ type: 'SamplingSet', data: { ...settings, reason } }];
}

/** A no-op if the queues and rules are like this. @throws InvalidInput for a queue that is repeated or missing */
export function setQueueRules(state: QueueRules, data: Rules): ReviewSettingsEvent[] {
  const ids = data.queues.map(({ id }) => id);
  const faults: InvalidField[] = [];
  ids.forEach((id, place) => {
    if (ids.indexOf(id) < place)
      faults.push({
        field: `/queues/${place}/id`,
        message: `${id} is the id of an earlier queue too: give each its own`,
      });
  });
  const missing = (queue: string) =>
    `${queue} is not among the queues: add it to them, or name one of ${ids.join(', ')}`;
  data.rules.forEach(({ queue }, place) => {
    if (!ids.includes(queue)) faults.push({ field: `/rules/${place}/queue`, message: missing(queue) });
  });
  if (!ids.includes(data.default)) faults.push({ field: '/default', message: missing(data.default) });
  if (faults.length > 0) throw new InvalidInput(faults);
  return isSame(state, data) ? [] : [{ type: 'QueueRulesSet', data }];
}

/** @throws NotFound queue-unknown */
export function queueOf({ queues }: QueueRules, id: string): Queue {
  const found = queues.find((one) => one.id === id);
  if (found) return found;
  throw new NotFound('queue-unknown', `there is no queue ${id}: GET /v1/queues lists all`);
}

const isSame = (state: QueueRules, data: Rules): boolean =>
  state.default === data.default &&
  state.patienceHours === data.patienceHours &&
  inOneForm(state.queues) === inOneForm(data.queues) &&
  inOneForm(state.rules) === inOneForm(data.rules);

/** Members in one order, without those that are undefined. */
const inOneForm = (objects: readonly object[]): string =>
  JSON.stringify(
    objects.map((one) =>
      Object.entries(one)
        .filter(([, value]) => value !== undefined)
        .sort(byName),
    ),
  );

const byName = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : 1);

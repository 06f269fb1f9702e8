import { type Static, Type } from 'typebox';
import {
  actor,
  closed,
  count,
  flag,
  instant,
  list,
  orNull,
  position,
  text,
} from '../../http/openapi/answer-schemas.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { EventReference, referenceTo } from './event-reference.js';
import { Explanation } from './explanation.js';

const anything = (description: string) => Type.Unsafe<unknown>({ description });

export const HistoryEvent = closed({
  position: position('Place in the log.'),
  id: Type.String({ format: 'uuid', description: 'Its identity.' }),
  type: text('Its type.'),
  stream: text('The stream that holds it.'),
  revision: count('Place in that stream, from 0.'),
  time: instant('When it happened.'),
  recordedAt: instant('When it was stored.'),
  actor: Type.Optional(actor),
  source: Type.Optional(text('The system that observed it.')),
  reason: Type.Optional(text('Why, as the actor put it.')),
  data: Type.Record(Type.String(), Type.Unknown(), { description: 'As stored: personal fields are encrypted.' }),
  correlationId: Type.Optional(text('The request or event that everything with this id goes back to.')),
  cause: orNull(EventReference),
  effects: list(EventReference, 'The events that it has caused, in any stream.'),
  changes: list(
    closed({
      of: text('The stream, or the view, whose state changed.'),
      path: text('JSON Pointer of what changed in that state.'),
      before: Type.Optional(anything('The value before; absent for none.')),
      after: Type.Optional(anything('The value after; absent for none.')),
    }),
    'What it changed.',
  ),
  explanation: Type.Optional(Explanation),
  isLater: flag('Whether it is not part of the state shown: it happened, or was stored, later.'),
  fault: Type.Optional(text('Why it can’t be used, if so.')),
});
export type HistoryEvent = Static<typeof HistoryEvent>;

export const HistoryAnswer = closed({
  kind: text('What the history is of.'),
  id: orNull(text('Its id.')),
  asOf: closed({
    position: position('The state includes nothing that was stored after this.'),
    time: orNull(instant('The time that was asked for.')),
    by: text('Whether that is compared with when events were stored (`recorded`) or happened (`event-time`).'),
  }),
  states: list(
    closed({ of: text('The stream, or the view.'), state: anything('The state, as its events make it.') }),
    'The state then.',
  ),
  events: list(HistoryEvent, 'The events, in the order of the log or of their time; later ones too.'),
  areEffectsComplete: flag('False if what these events have caused is too much to look at.'),
  nextCursor: Type.Optional(text('Pass it as `cursor` for the next page; absent on the last page.')),
  position: position('The history includes every event up to here.'),
});
export type HistoryAnswer = Static<typeof HistoryAnswer>;

export const historyExample: HistoryAnswer = {
  kind: 'account',
  id: 'acc-1',
  asOf: { position: '12', time: null, by: 'recorded' },
  states: [{ of: 'account-acc-1', state: { status: 'waiting', deactivated: false } }],
  events: [
    {
      position: '12',
      id: '0196e0f0-0000-7000-8000-000000000001',
      type: 'WaitlistJoined',
      stream: 'account-acc-1',
      revision: 0,
      time: '2022-05-18T09:00:00.000Z',
      recordedAt: '2022-05-18T09:00:00.012Z',
      actor: { kind: 'service', id: 'web', role: 'service' },
      source: '/gatehouse',
      data: { accountId: 'acc-1' },
      correlationId: '0196e0f0-0000-7000-8000-000000000002',
      cause: null,
      effects: [],
      changes: [{ of: 'account-acc-1', path: '/status', before: 'unknown', after: 'waiting' }],
      isLater: false,
    },
  ],
  areEffectsComplete: true,
  position: '12',
};

/** Fields that say why, by which name the event has them. */
const REASONS = ['reason', 'rationale', 'note', 'because'] as const;

function reasonOf(data: RecordedEvent['data']): string | undefined {
  // What somebody wrote who joins, flags or appeals is encrypted, and no reason of ours.
  const found = REASONS.map((name) => data[name]).find((value) => typeof value === 'string');
  return typeof found === 'string' && !found.startsWith('sealed:') ? found : undefined;
}

export function historyEvent(
  event: RecordedEvent,
  {
    cause,
    effects,
    ...rest
  }: Pick<HistoryEvent, 'changes' | 'isLater' | 'explanation'> & {
    cause: RecordedEvent | undefined;
    effects: readonly RecordedEvent[];
  },
): HistoryEvent {
  const { data, metadata, revision, recordedAt, fault } = event;
  const reason = reasonOf(data);
  return {
    ...referenceTo(event),
    revision,
    recordedAt,
    ...(typeof metadata.source === 'string' && { source: metadata.source }),
    ...(reason !== undefined && { reason }),
    data,
    ...(typeof metadata.correlationid === 'string' && { correlationId: metadata.correlationid }),
    cause: cause ? referenceTo(cause) : null,
    effects: effects.map(referenceTo),
    ...rest,
    ...(fault !== undefined && { fault }),
  };
}

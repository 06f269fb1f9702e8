import type { DataOf } from '../events/event-definition.js';
import type { StreamKind } from '../kernel/decider.js';
import { NotFound, Refusal } from '../kernel/errors.js';
import {
  type RequestEvent,
  requestEvents,
  type SubjectRequestClosed,
  type SubjectRequestReceived,
} from './request-events.js';

/** A request of a person about their data. */
export interface SubjectRequest {
  received?: DataOf<typeof SubjectRequestReceived>;
  closed?: DataOf<typeof SubjectRequestClosed>;
}

export const requestStream: StreamKind<SubjectRequest, RequestEvent> = {
  category: 'request',
  events: requestEvents,
  initial: {},
  evolve: (state, { type, data }) =>
    type === 'SubjectRequestReceived' ? { received: data } : { ...state, closed: data },
};

/** A no-op if it is recorded. @throws Refusal request-differs for another one of the same id */
export function receiveRequest(
  { received }: SubjectRequest,
  data: DataOf<typeof SubjectRequestReceived>,
): RequestEvent[] {
  if (!received) return [{ type: 'SubjectRequestReceived', data }];
  const { requestId, person, kind, receivedAt } = data;
  if (received.person === person && received.kind === kind && received.receivedAt === receivedAt) return [];
  throw new Refusal(
    'request-differs',
    `request ${requestId} is recorded as one of ${received.person} for ${received.kind}, received at ${received.receivedAt}: give this one an id of its own`,
  );
}

/** A no-op if it was closed so. @throws NotFound request-unknown; Refusal request-closed if it was closed with the other outcome */
export function closeRequest(
  { received, closed }: SubjectRequest,
  data: DataOf<typeof SubjectRequestClosed>,
): RequestEvent[] {
  const { requestId, outcome } = data;
  if (!received)
    throw new NotFound(
      'request-unknown',
      `there is no request ${requestId}: check the id, or record it by POST /v1/subject-requests`,
    );
  if (!closed) return [{ type: 'SubjectRequestClosed', data }];
  if (closed.outcome === outcome) return [];
  throw new Refusal(
    'request-closed',
    `request ${requestId} was closed as ${closed.outcome}: record what was decided since as a request of its own`,
  );
}

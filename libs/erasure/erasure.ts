import type { DataOf } from '../events/event-definition.js';
import type { StreamKind } from '../kernel/decider.js';
import { NotFound, Refusal } from '../kernel/errors.js';
import { type ErasureEvent, type ErasureRequested, erasureEvents, type PersonalDataErased } from './events.js';

/** The erasure of a person's data. Identified by the person. */
export interface Erasure {
  status: 'none' | 'requested' | 'started' | 'erased';
  reason?: string;
  requestedAt?: string;
  /** RFC 3339. */
  dueAt?: string;
}

export const erasureStream: StreamKind<Erasure, ErasureEvent> = {
  category: 'erasure',
  events: erasureEvents,
  initial: { status: 'none' },
  evolve(state, { type, data }, { time }) {
    switch (type) {
      case 'ErasureRequested':
        return { status: 'requested', reason: data.reason, requestedAt: time, dueAt: data.dueAt };
      case 'ErasureCancelled':
        return { status: 'none' };
      case 'ErasureStarted':
        return { ...state, status: 'started' };
      case 'PersonalDataErased':
        return { ...state, status: 'erased' };
    }
  },
};

/** A no-op if the erasure is requested or done. */
export function requestErasure({ status }: Erasure, data: DataOf<typeof ErasureRequested>): ErasureEvent[] {
  return status === 'none' ? [{ type: 'ErasureRequested', data }] : [];
}

/** A no-op if none is requested any more. @throws NotFound erasure-unknown; Refusal erasure-started */
export function cancelErasure(
  { status }: Erasure,
  hasHistory: boolean,
  person: string,
  reason: string,
): ErasureEvent[] {
  if (status === 'requested') return [{ type: 'ErasureCancelled', data: { person, reason } }];
  if (status === 'none' && hasHistory) return [];
  if (status === 'none') throw unknown(person);
  throw new Refusal(
    'erasure-started',
    `the erasure of ${person} was started, and the keys that it destroys can’t be restored: GET /v1/persons/${person}/erasure shows how far it is`,
  );
}

/** A no-op unless a requested erasure is due. @param now epoch milliseconds */
export function startErasure({ status, dueAt }: Erasure, person: string, now: number): ErasureEvent[] {
  const isDue = status === 'requested' && Date.parse(dueAt!) <= now;
  return isDue ? [{ type: 'ErasureStarted', data: { person } }] : [];
}

/** A no-op unless it was started and not completed. */
export function completeErasure({ status }: Erasure, data: DataOf<typeof PersonalDataErased>): ErasureEvent[] {
  return status === 'started' ? [{ type: 'PersonalDataErased', data }] : [];
}

export const unknown = (person: string): NotFound =>
  new NotFound(
    'erasure-unknown',
    `no erasure of ${person} was requested: check the id, or request one by POST /v1/persons/${person}/erasure`,
  );

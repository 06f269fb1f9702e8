import type { StreamKind } from '../kernel/decider.js';
import { type AuditEvent, auditEvents } from './events.js';

/** The kind has a single stream, `audit`. Nothing is decided on it: it only grows. */
export const auditStream: StreamKind<undefined, AuditEvent> = {
  category: 'audit',
  events: auditEvents,
  initial: undefined,
  evolve: () => undefined,
};

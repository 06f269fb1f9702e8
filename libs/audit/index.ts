import type { Context } from '../context/context.js';
import { AUDIT } from '../platform/ports.js';
import { auditStream } from './audit-stream.js';
import { auditEvents } from './events.js';
import { AuditTrail } from './features/audit-trail.js';
import { recordedActs } from './queries/recorded-acts.js';

export * from './events.js';
export { AuditTrail } from './features/audit-trail.js';

export const auditContext: Context = {
  name: 'audit',
  events: auditEvents,
  streams: [auditStream],
  decisionsAgain: [recordedActs],
  services: [AuditTrail, { provide: AUDIT, useExisting: AuditTrail }],
};

import type { Actor } from '../../kernel/envelope.js';

export const ROLES = ['operator', 'lead', 'reviewer', 'compliance', 'service', 'metrics', 'administrator'] as const;
export type Role = (typeof ROLES)[number];

/** Not of a person or a service that uses the API: Prometheus reads the metrics with it, and nothing else. */
export const API_ROLES = ROLES.filter((role) => role !== 'metrics');

export const isRole = (text: unknown): text is Role => ROLES.includes(text as Role);

/** The roles that may send events. */
export const SENDERS = ['service', 'administrator'] as const satisfies Role[];

/** The sources and types of the events that a token may send; without a list, all. */
export interface SenderBinding {
  sources?: readonly string[];
  eventTypes?: readonly string[];
}

/** Whether a sender may send events of this source and type. Nobody who is bound may send what names neither. */
export const maySend = ({ sources, eventTypes }: SenderBinding, source: string | null, type: string | null): boolean =>
  (!sources || (source !== null && sources.includes(source))) &&
  (!eventTypes || (type !== null && eventTypes.includes(type)));

/** The owner of a request's credential. */
export interface Principal {
  kind: 'user' | 'service';
  /** Of the person or the service: all credentials of one person are one actor. */
  id: string;
  roles: readonly Role[];
  /** The id of the credential, if it is one of our tokens. */
  token?: string;
  binding?: SenderBinding;
}

/** The actor of a request without a credential. */
export const ANONYMOUS: Actor = { kind: 'user', id: 'anonymous' };

/**
 * In the order of the canonical text, so that no fact's metadata has to be sorted.
 * @param role that admitted the request; stored with the events it causes
 */
export const actorOf = ({ kind, id, token }: Principal, role?: Role): Actor => ({
  id,
  kind,
  ...(role && { role }),
  ...(token && { token }),
});

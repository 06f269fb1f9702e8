import type { Actor } from '../../kernel/envelope.js';

export const ROLES = ['operator', 'reviewer', 'compliance', 'service', 'administrator'] as const;
export type Role = (typeof ROLES)[number];

export const isRole = (text: unknown): text is Role => ROLES.includes(text as Role);

/** Who a request's credential belongs to. */
export interface Principal {
  kind: 'user' | 'service';
  id: string;
  roles: readonly Role[];
}

/** Anybody at a public route. */
export const ANONYMOUS: Actor = { kind: 'user', id: 'anonymous' };

/** @param role the one that admitted the request, recorded with what it caused */
export const actorOf = ({ kind, id }: Principal, role?: Role): Actor => (role ? { kind, id, role } : { kind, id });

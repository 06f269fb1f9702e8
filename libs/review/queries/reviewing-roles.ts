import type { Role } from '../../http/credentials/principal.js';
import type { Actor } from '../../kernel/envelope.js';

/** Who may lead the review. */
export const LEADS = ['lead', 'administrator'] as const satisfies Role[];

/** Who may review; leads first, so that a person who is both acts as a lead. */
export const REVIEWERS = [...LEADS, 'reviewer'] as const satisfies Role[];

export const isLead = ({ role }: Actor): boolean => LEADS.some((one) => one === role);

import type { Role } from '../../http/credentials/principal.js';
import type { Actor } from '../../kernel/envelope.js';

/** Who may lead the review. */
export const LEADS = ['lead', 'administrator'] as const satisfies Role[];

/** Who may review; leads first, so that a person who is both acts as a lead. */
export const REVIEWERS = [...LEADS, 'reviewer'] as const satisfies Role[];

/** Who may know why a case was opened. What others see of it, reviewers above all, must not tell. */
export const seesOrigin = ({ role }: Pick<Actor, 'role'>): boolean =>
  [...LEADS, 'compliance'].some((one) => one === role);

/** Whether golden cases exist for the reader: other systems must not act on them. */
export const seesGolden = (reader: Pick<Actor, 'role'>): boolean => seesOrigin(reader) || reader.role === 'reviewer';

export const isLead = ({ role }: Actor): boolean => LEADS.some((one) => one === role);

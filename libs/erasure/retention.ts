import { InvalidInput } from '../kernel/errors.js';

/** The classes that retention may destroy. An address is needed for as long as its account is. */
export const RETAINED_CLASSES = ['reasons', 'prompts', 'comments', 'notes', 'appeals'] as const;
export type RetainedClass = (typeof RETAINED_CLASSES)[number];

const MONTH = /^20[2-9]\d(?:0[1-9]|1[0-2])$/;

/**
 * @param current the month now, like 202205
 * @throws InvalidInput for what is no month, or is not over
 */
export function refuseMonth(through: string, current: string): void {
  const isMonth = MONTH.test(through) && through >= '202001';
  if (isMonth && through < current) return;
  const message = isMonth ? `must be before this month, ${current}` : 'must be a month from 202001 on, like 202205';
  throw new InvalidInput([{ field: '/through', message }]);
}

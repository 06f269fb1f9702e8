import { OTHER_KEYWORD } from '../../kernel/commission-codes.js';
import type { StatementMapping } from '../mapping.js';
import type { CategoryRow } from './categorised.js';

/* What several tables of the transparency report have in common. */

export type Cell = string | number | null;

export interface Table {
  file: string;
  head: readonly string[];
  rows: readonly (readonly Cell[])[];
}

export interface ReportContext {
  service: string;
  /** As the templates have it: `2026-01-01/2026-12-31`. */
  period: string;
  mapping: Pick<StatementMapping, 'entries'>;
}

export const ALL = 'All';
export const COMMON = ['Applicability', 'Service', 'Reporting period'];
export const OTHER = 'Description of the sub-category "Other"';

/** A share from 0 to 1; undefined of none. */
export const shareOf = (part: number, whole: number): number | undefined =>
  whole === 0 ? undefined : Math.round((part / whole) * 10_000) / 10_000;
/** Hours with two digits; null for none. */
export const hoursOf = (hours: number | undefined): Cell =>
  hours === undefined ? null : Math.round(hours * 100) / 100;

/** What the keyword for others means, where the mapping says so. */
export function otherIn({ code, category }: CategoryRow, { mapping }: ReportContext): Cell {
  if (code !== OTHER_KEYWORD) return null;
  const meant = mapping.entries.filter((one) => one.category === category).map(({ otherKeyword }) => otherKeyword);
  return [...new Set(meant.filter((one) => one !== undefined))].join('; ') || null;
}

import type { Pool } from '../../platform/database/database.js';
import { type AccessAction, type AccessDecision, decideAccess, explainAccess } from '../decide-access.js';
import type { DecisionBasis } from '../decision-point/decision-point.js';

/** An access decision of the sample. */
export interface RecordedDecision {
  id: string;
  subject: { type: string; id: string };
  action: string;
  resource: { type: string; id: string; properties: Record<string, unknown> };
  decision: AccessDecision;
  /** What the decision point had applied. */
  position: number;
  /** Epoch milliseconds. */
  at: number;
  /** Absent if no rule was asked. */
  basis?: DecisionBasis;
}

/** Which recorded decisions are listed: those to which everything given applies. */
export interface DecisionFilter {
  /** The id of who asked. */
  subject?: string | undefined;
  action?: string | undefined;
  /** Of a denial. */
  reason?: string | undefined;
  isPermit?: boolean | undefined;
  /** Made then or later, and by then, in epoch milliseconds. */
  from?: number | undefined;
  to?: number | undefined;
  /** Rested on no later position. */
  upTo?: number | undefined;
}

const FIND = {
  name: 'gatehouse_recorded_decision',
  text: 'SELECT * FROM access.recorded_decisions WHERE id = $1',
};

const TIME = (parameter: string) => `to_timestamp(${parameter}::float8 / 1000)`;

/** SQL by the name of each filter. The reason of a permit is empty. */
const CONDITIONS: { [Name in keyof DecisionFilter]-?: (parameter: string) => string } = {
  subject: (parameter) => `subject_id = ${parameter}`,
  action: (parameter) => `action = ${parameter}`,
  reason: (parameter) => `reason = ${parameter}`,
  isPermit: (parameter) => `(reason = '') = ${parameter}::boolean`,
  from: (parameter) => `decided_at >= ${TIME(parameter)}`,
  to: (parameter) => `decided_at <= ${TIME(parameter)}`,
  upTo: (parameter) => `position <= ${parameter}`,
};

/** Reads the sample of access decisions. */
export class RecordedDecisions {
  constructor(private readonly pool: Pool) {}

  /** @param id a UUID */
  async find(id: string): Promise<RecordedDecision | undefined> {
    const { rows } = await this.pool.query({ ...FIND, values: [id] });
    return rows[0] && decisionOf(rows[0]);
  }

  /** The newest first. @param before the time, in epoch milliseconds, and the id of the last one of the page before */
  async list(filter: DecisionFilter, limit: number, before?: { at: number; id: string }): Promise<RecordedDecision[]> {
    const values: unknown[] = [limit];
    const parameter = (value: unknown) => `$${values.push(value)}`;
    const conditions = Object.entries(CONDITIONS).flatMap(([name, condition]) => {
      const value = filter[name as keyof DecisionFilter];
      return value === undefined ? [] : [condition(parameter(value))];
    });
    if (before) conditions.push(`(decided_at, id) < (${TIME(parameter(before.at))}, ${parameter(before.id)}::uuid)`);
    const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
    const { rows } = await this.pool.query({
      text: `SELECT * FROM access.recorded_decisions ${where} ORDER BY decided_at DESC, id DESC LIMIT $1`,
      values,
    });
    return rows.map(decisionOf);
  }
}

// biome-ignore lint/suspicious/noExplicitAny: a row of the database has no type
function decisionOf(row: any): RecordedDecision {
  const { resource, standing, facts } = row.question;
  return {
    id: row.id,
    subject: { type: row.subject_type, id: row.subject_id },
    action: row.action,
    resource,
    decision: row.reason === '' ? { decision: true } : { decision: false, reason: row.reason },
    position: Number(row.position),
    at: row.decided_at.getTime(),
    ...(facts && { basis: { standing, facts } }),
  };
}

/** Decides again what was decided, and says what each rule says to it; undefined if no rule was asked. */
export function decideAgain({ action, basis }: RecordedDecision) {
  if (!basis) return undefined;
  const { standing, facts } = basis;
  const asked = action as AccessAction;
  return { rules: explainAccess(standing, asked, facts), decision: decideAccess(standing, asked, facts) };
}

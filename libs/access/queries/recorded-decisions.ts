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

const FIND = {
  name: 'gatehouse_recorded_decision',
  text: 'SELECT * FROM access.recorded_decisions WHERE id = $1',
};

/** Reads the sample of access decisions. */
export class RecordedDecisions {
  constructor(private readonly pool: Pool) {}

  /** @param id a UUID */
  async find(id: string): Promise<RecordedDecision | undefined> {
    const { rows } = await this.pool.query({ ...FIND, values: [id] });
    const [row] = rows;
    if (!row) return undefined;
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
}

/** Decides again what was decided, and says what each rule says to it; undefined if no rule was asked. */
export function decideAgain({ action, basis }: RecordedDecision) {
  if (!basis) return undefined;
  const { standing, facts } = basis;
  const asked = action as AccessAction;
  return { rules: explainAccess(standing, asked, facts), decision: decideAccess(standing, asked, facts) };
}

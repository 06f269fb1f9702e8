import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import type { AppliedAt, DecisionPoints } from '../../enforcement/index.js';
import { toIso } from '../../kernel/clock.js';
import type { Position } from '../../kernel/envelope.js';
import { POOL } from '../../platform/ports.js';

/** Those that reported it, and the gateways that followed the log then, still run, and did not. */
const APPLIED = `
  SELECT decision_point, applied_at FROM access.applied_decisions WHERE position = $1 AND stored_at = $2::timestamptz
  UNION ALL
  SELECT d.decision_point, NULL::timestamptz FROM access.decision_points d
  WHERE d.reports_after < $1
    AND EXISTS (
      SELECT FROM platform.processes p WHERE 'gateway' = ANY(p.roles) AND p.host || ':' || p.pid = d.decision_point)
    AND NOT EXISTS (
      SELECT FROM access.applied_decisions a
      WHERE a.position = $1 AND a.stored_at = $2::timestamptz AND a.decision_point = d.decision_point)
  ORDER BY 2 NULLS LAST, 1`;

@Injectable()
export class ReportedDecisions implements DecisionPoints {
  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  async appliedAt({ position, storedAt }: { position: Position; storedAt: string }): Promise<AppliedAt[]> {
    const { rows } = await this.pool.query(APPLIED, [position, storedAt]);
    return rows.map(({ decision_point: decisionPoint, applied_at: at }) => ({
      decisionPoint,
      appliedAt: at === null ? null : toIso(new Date(at).getTime()),
    }));
  }
}

import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import type { DisregardedUses } from '../../enforcement/index.js';
import { POOL } from '../../platform/ports.js';
import { queryView, ViewNotBuilt } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { type DisregardingUse, disregardedDecisionsView } from '../views/disregarded-decisions.js';

@Injectable()
export class NotedUses implements DisregardedUses {
  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  async since(accountId: string, time: string): Promise<number | null> {
    const uses = await this.notedOf(accountId);
    if (!uses) return null;
    return uses.filter(({ at, lateMs }) => lateMs !== null && at >= Date.parse(time)).length;
  }

  private async notedOf(accountId: string): Promise<DisregardingUse[] | undefined> {
    try {
      const { rows } = await queryView(this.pool, {
        text: `SELECT uses FROM ${viewTable(disregardedDecisionsView)} WHERE account_id = $1`,
        values: [accountId],
      });
      return rows[0]?.uses ?? [];
    } catch (error) {
      if (error instanceof ViewNotBuilt) return undefined;
      throw error;
    }
  }
}

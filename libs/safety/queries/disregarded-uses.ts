import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import type { DisregardedUses } from '../../enforcement/index.js';
import { POOL } from '../../platform/ports.js';
import { queryView, ViewNotBuilt } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { type DisregardingUse, disregardedDecisionsView } from '../views/disregarded-decisions.js';
import { type WithheldShare, withheldImageSharesView } from '../views/withheld-image-shares.js';

/** SQL: the uses of an account, and the shares of an image. */
const NOTED = `
  SELECT uses FROM ${viewTable(disregardedDecisionsView)} WHERE account_id = $1
  UNION ALL
  SELECT shares FROM ${viewTable(withheldImageSharesView)} WHERE image_id = $2`;

@Injectable()
export class NotedUses implements DisregardedUses {
  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  async since(time: string, accountId: string, imageId: string | undefined): Promise<number | null> {
    const noted = await this.notedOf(accountId, imageId);
    if (!noted) return null;
    // A share that both the account and the image were denied is one use. An outdated policy is counted separately.
    const since = noted.filter(
      (one) =>
        one.lateMs !== null && !('reason' in one && one.reason === 'policy-outdated') && one.at >= Date.parse(time),
    );
    return new Set(since.map(({ id }) => id)).size;
  }

  private async notedOf(accountId: string, imageId?: string): Promise<(DisregardingUse | WithheldShare)[] | undefined> {
    try {
      const { rows } = await queryView(this.pool, { text: NOTED, values: [accountId, imageId ?? null] });
      return rows.flatMap(({ uses }) => uses);
    } catch (error) {
      if (error instanceof ViewNotBuilt) return undefined;
      throw error;
    }
  }
}

import type pg from 'pg';
import { inTransaction } from '../../libs/platform/database/in-transaction.js';
import { promote, startBuild } from '../../libs/projections/builds.js';
import type { View } from '../../libs/projections/view.js';

/** Builds views without any row, for specs that write rows. */
export async function buildEmpty(pool: pg.Pool, views: readonly (View<never> | View)[]): Promise<void> {
  for (const view of views as readonly View[]) {
    const draft = await startBuild(pool, view);
    await inTransaction(pool, async (client) => {
      await draft.tables.complete(client);
      await promote(client, draft);
    });
  }
}

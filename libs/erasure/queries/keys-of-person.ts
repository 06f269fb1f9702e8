import { imageKey } from '../../event-store/personal-owners.js';
import type { Pool } from '../../platform/database/database.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { casesView } from '../../review/index.js';

const CASES = `SELECT case_id FROM ${viewTable(casesView)} WHERE account_id = $1 AND origin <> 'golden' ORDER BY case_id`;

/**
 * The keys that what is stored of a person is encrypted with: their own, and those of their images about which others have
 * written.
 */
export async function keysOfPerson(pool: Pool, person: string): Promise<string[]> {
  const { rows } = await queryView(pool, { text: CASES, values: [person] });
  return [person, ...rows.map(({ case_id }) => imageKey(case_id))];
}

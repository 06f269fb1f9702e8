import { viewTable } from '../../projections/view-tables.js';
import { reversedCasesView } from '../views/reversed-cases.js';

/** SQL: the ids of reversed cases. Few accounts have any, and the condition is that of the view's index. */
export const REVERSED_CASE_IDS = `
  SELECT DISTINCT jsonb_array_elements_text(reversed) AS case_id FROM ${viewTable(reversedCasesView)}
  WHERE reversed <> '[]'::jsonb`;

// planted violation

import { defineView } from '../../projections/view.js';
import { viewTable } from '../../projections/view-tables.js';

export const casesTable = viewTable('cases');
export const view = defineView({});

import { defineView } from '../../projections/view.js';

export const casesView = defineView({});

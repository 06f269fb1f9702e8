import { accountEvents } from '../../account/index.js';
import { defineView } from '../../projections/view.js';
import { caseEvents } from '../events.js';

export const casesView = defineView({ events: [...caseEvents, ...accountEvents] });

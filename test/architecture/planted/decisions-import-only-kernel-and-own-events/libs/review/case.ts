// planted violation
import type { View } from '../projections/view.js';
import type { Opened } from './events.js';

export const open = (view: View): Opened => view;

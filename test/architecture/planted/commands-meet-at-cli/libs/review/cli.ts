// planted violation
import type { Flagged } from '../images/events.js';

export const next = (flagged: Flagged): string => flagged.imageId;

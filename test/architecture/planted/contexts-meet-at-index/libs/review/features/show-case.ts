import type { Flagged } from '../../images/index.js';

export const showCase = (flagged: Flagged): string => flagged.imageId;

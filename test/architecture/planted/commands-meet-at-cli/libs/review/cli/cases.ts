// planted violation
import type { Flagged } from '../../images/index.js';

export const first = (flagged: Flagged): string => flagged.imageId;

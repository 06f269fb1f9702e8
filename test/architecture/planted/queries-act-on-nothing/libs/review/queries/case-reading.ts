import type { Case } from '../case.js';

export const statusOf = ({ status }: Case): string => status;

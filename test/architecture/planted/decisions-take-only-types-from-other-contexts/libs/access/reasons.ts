import type { Standing } from '../account/index.js';

export const reason = (standing: Standing): string => (standing.onboarded ? 'none' : 'not-onboarded');

// planted violation
import { standing } from '../account/index.js';

export const decideAccess = (): boolean => standing.onboarded;

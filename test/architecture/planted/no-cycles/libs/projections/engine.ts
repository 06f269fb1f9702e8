// planted violation
import { lane } from './lane.js';

export const engine = (): number => lane();

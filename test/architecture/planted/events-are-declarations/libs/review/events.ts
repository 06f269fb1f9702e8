// planted violation
import { openCase } from './case.js';

export const example = openCase();

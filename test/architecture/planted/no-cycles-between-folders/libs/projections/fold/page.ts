// planted violation
import { write } from '../write/rows.js';

export const page = (): number => write();

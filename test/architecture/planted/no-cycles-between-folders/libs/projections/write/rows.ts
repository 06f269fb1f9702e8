// planted violation
import { columns } from '../fold/columns.js';

export const write = (): number => columns;

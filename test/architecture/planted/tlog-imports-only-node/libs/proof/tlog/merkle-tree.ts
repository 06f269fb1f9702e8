// planted violation
import { rows } from '../queries/stored-tiles.js';

export const root = rows;

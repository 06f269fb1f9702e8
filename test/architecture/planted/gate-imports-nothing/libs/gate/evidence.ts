// planted violation
import { readFileSync } from 'node:fs';

export const limit = Number(readFileSync('limit.txt', 'utf8'));

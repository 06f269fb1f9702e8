// planted violation
import { randomUUID as freshId } from 'node:crypto';

export const requestId = (): string => freshId();

import { createHmac, hash, pbkdf2Sync, randomBytes } from 'node:crypto';

/** PostgreSQL's default of scram_iterations. */
const ITERATIONS = 4_096;
const SALT_BYTES = 16;

/** A password as PostgreSQL stores it (RFC 5803): with it in a statement, no log of the server shows the password. */
export function scramVerifier(password: string, salt = randomBytes(SALT_BYTES)): string {
  const salted = pbkdf2Sync(password, salt, ITERATIONS, 32, 'sha256');
  const keyOf = (name: string) => createHmac('sha256', salted).update(name).digest();
  const stored = hash('sha256', keyOf('Client Key'), 'base64');
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${stored}:${keyOf('Server Key').toString('base64')}`;
}

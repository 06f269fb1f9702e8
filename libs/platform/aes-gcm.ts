import { createCipheriv, createDecipheriv, randomFillSync } from 'node:crypto';

const IV_BYTES = 12;
const TAG_BYTES = 16;
const POOL_BYTES = 12 * 1024;

const pool = Buffer.alloc(POOL_BYTES);
let used = POOL_BYTES;

/** AES-256-GCM (NIST SP 800-38D) under a fresh random IV: iv | tag | ciphertext. */
export function encrypt(key: Buffer, plaintext: Buffer | string, aad: string): Buffer {
  if (used === POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  const iv = pool.subarray(used, used + IV_BYTES);
  used += IV_BYTES;
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  cipher.setAAD(Buffer.from(aad));
  const body = typeof plaintext === 'string' ? cipher.update(plaintext, 'utf8') : cipher.update(plaintext);
  cipher.final();
  return Buffer.concat([iv, cipher.getAuthTag(), body]);
}

/** @throws Error if the key or the associated data differs, or a byte was changed */
export function decrypt(key: Buffer, encrypted: Buffer, aad: string): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, encrypted.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(aad));
  decipher.setAuthTag(encrypted.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  const plaintext = decipher.update(encrypted.subarray(IV_BYTES + TAG_BYTES));
  decipher.final();
  return plaintext;
}

import { sign } from 'node:crypto';
import { noteSigner } from '../tlog/signed-note.js';

/** A key that signs checkpoints, wherever it is kept. */
export interface ProofSigner {
  /** The 32 bytes of its Ed25519 public key. */
  publicKey: Buffer;
  /** The 64 bytes of the signature over a message. */
  sign(message: Buffer): Promise<Buffer>;
}

/** A key that this process holds. @param seed its 32 bytes */
export function seedSigner(seed: Buffer): ProofSigner {
  const { raw, privateKey } = noteSigner('seed', seed);
  return { publicKey: raw, sign: async (message) => sign(null, message, privateKey) };
}

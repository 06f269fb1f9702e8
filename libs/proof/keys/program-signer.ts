import { execFile } from 'node:child_process';
import { StartFailure } from '../../platform/start-failure.js';
import { decodeBase64 } from '../tlog/signed-note.js';
import type { ProofSigner } from './proof-signer.js';

const TIMEOUT_MS = 10_000;
const MAX_OUTPUT_BYTES = 4_096;
const PUBLIC_KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

/**
 * A key that is kept elsewhere, such as in a key management service: a program signs with it. `PROGRAM public-key` prints the
 * Ed25519 public key, and `PROGRAM sign` the signature over its standard input, both in base64.
 * @throws StartFailure if it prints no key
 */
export async function programSigner(program: string): Promise<ProofSigner> {
  const publicKey = await printed(program, 'public-key', PUBLIC_KEY_BYTES).catch((error) => {
    throw new StartFailure(
      'proof-signer-failed',
      `GATEHOUSE_PROOF_SIGNER is ${program}, which can't be used (${error.message}): correct it, or unset the setting`,
    );
  });
  return { publicKey, sign: (message) => printed(program, 'sign', SIGNATURE_BYTES, message) };
}

/** What the program prints, which has to be that many bytes. */
async function printed(program: string, task: string, bytes: number, input: Buffer = Buffer.alloc(0)): Promise<Buffer> {
  const output = await outputOf(program, task, input);
  const found = decodeBase64(output.trim());
  if (found?.length !== bytes) throw new Error(`"${task}" printed no ${bytes} bytes in base64`);
  return found;
}

const outputOf = (program: string, task: string, input: Buffer): Promise<string> =>
  new Promise((resolve, reject) => {
    const options = { timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES, killSignal: 'SIGKILL' as const };
    const child = execFile(program, [task], options, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      const said = stderr.trim().split('\n').at(-1) ?? '';
      reject(
        new Error(`"${task}" failed: ${said || (error.killed ? `no answer in ${TIMEOUT_MS} ms` : error.message)}`),
      );
    });
    // A program that reads nothing ends before all is written.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });

import { spawn } from 'node:child_process';
import { hkdfSync } from 'node:crypto';
import { decrypt, encrypt } from '../aes-gcm.js';
import { StartFailure } from '../start-failure.js';

const KEY_BYTES = 32;
const PLACE = 'root key';
const COMMAND_MS = 30_000;

/** Encrypts the key of the root file, which is another one after each erasure. */
export interface RootKey {
  wrap(key: Buffer): Promise<Buffer>;
  /** @throws if another root key wrapped it */
  unwrap(wrapped: Buffer): Promise<Buffer>;
}

/** The root key is derived from the master key. */
export function rootKeyFrom(masterKey: Buffer): RootKey {
  const wrapping = Buffer.from(hkdfSync('sha256', masterKey, '', 'gatehouse root key v1', KEY_BYTES));
  return {
    wrap: async (key) => encrypt(wrapping, key, PLACE),
    unwrap: async (wrapped) => decrypt(wrapping, wrapped, PLACE),
  };
}

/**
 * The root key is kept by a key-management service, which a program asks: it is started with `wrap` or `unwrap` as its last
 * argument, reads from its input and writes to its output, both in base64.
 * @param command program and arguments, separated by spaces
 */
export function rootKeyBehind(command: string): RootKey {
  const run = async (action: 'wrap' | 'unwrap', bytes: Buffer): Promise<Buffer> => {
    const answer = Buffer.from(await outputOf(command, action, bytes.toString('base64')), 'base64');
    if (answer.length > 0) return answer;
    throw new StartFailure(
      'root-key-command-failed',
      `"${command} ${action}" printed no base64: check the program of GATEHOUSE_ROOT_KEY_COMMAND`,
    );
  };
  return { wrap: (key) => run('wrap', key), unwrap: (wrapped) => run('unwrap', wrapped) };
}

function outputOf(command: string, action: string, input: string): Promise<string> {
  const [program, ...args] = command.split(/ +/);
  return new Promise((resolve, reject) => {
    // What it writes to its standard error may be a secret: it goes to ours, as the program's own words.
    const child = spawn(program!, [...args, action], { stdio: ['pipe', 'pipe', 'inherit'], timeout: COMMAND_MS });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    const fail = (why: string) =>
      reject(
        new StartFailure(
          'root-key-command-failed',
          `"${command} ${action}" ${why}: check the program of GATEHOUSE_ROOT_KEY_COMMAND`,
        ),
      );
    child.on('error', ({ message }) => fail(`did not start (${message})`));
    child.on('close', (status, signal) => (status === 0 ? resolve(output) : fail(`ended with ${status ?? signal}`)));
    child.stdin.on('error', () => {}); // its end says more
    child.stdin.end(`${input}\n`);
  });
}

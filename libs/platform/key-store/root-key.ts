import { spawn } from 'node:child_process';
import { hkdfSync } from 'node:crypto';
import { Refusal } from '../../kernel/errors.js';
import { decrypt, encrypt } from '../aes-gcm.js';
import { StartFailure } from '../start-failure.js';

const KEY_BYTES = 32;
const PLACE = 'root key';
const COMMAND_MS = 30_000;

/** What keeps the root key: a setting, which a process reads once, a file, or a program that asks a service for it. */
export type RootKeyKeeper = 'setting' | 'file' | 'program';

export interface Wrapping {
  wrap(key: Buffer): Promise<Buffer>;
  /** @throws if another key wrapped it */
  unwrap(wrapped: Buffer): Promise<Buffer>;
}

/** Encrypts the key of the root file, which is another one after each erasure. */
export interface RootKey extends Wrapping {
  readonly keeper: RootKeyKeeper;
  /** What is to take its place: the same at each call until `settle`. @throws Refusal root-key-fixed */
  next(): Promise<Wrapping>;
  /** Makes the key that has unwrapped last the only one. What it has wrapped has to be on the disk. */
  settle(): Promise<void>;
}

export function wrappingBy(masterKey: Buffer): Wrapping {
  const key = Buffer.from(hkdfSync('sha256', masterKey, '', 'gatehouse root key v1', KEY_BYTES));
  return {
    wrap: async (plain) => encrypt(key, plain, PLACE),
    unwrap: async (wrapped) => decrypt(key, wrapped, PLACE),
  };
}

export const rootKeyFixed = (): Refusal =>
  new Refusal(
    'root-key-fixed',
    'the master key is the setting GATEHOUSE_MASTER_KEY, which a running process can’t change: write that key to a file, set GATEHOUSE_MASTER_KEY_FILE to it instead, restart every process, then rotate',
  );

/** The root key is derived from a master key that is a setting. */
export const rootKeyFrom = (masterKey: Buffer): RootKey => ({
  ...wrappingBy(masterKey),
  keeper: 'setting',
  async next() {
    throw rootKeyFixed();
  },
  async settle() {},
});

/**
 * The root key is in a key-management service, which a program asks: it is started with `wrap` or `unwrap` as its last
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
  const wrapping: Wrapping = { wrap: (key) => run('wrap', key), unwrap: (wrapped) => run('unwrap', wrapped) };
  // The service has versions of its key: it wraps with the newest one.
  return { ...wrapping, keeper: 'program', next: async () => wrapping, async settle() {} };
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

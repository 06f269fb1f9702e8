import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { bodyOf, expectStatus, openConnection, requestBytes } from './http-connection.mjs';

const mainOf = (role) => fileURLToPath(new URL(`../../dist/apps/${role}/main.js`, import.meta.url));
const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
/** Those that users start it with. */
const START_FLAGS = scripts.start.split(' ').filter((word) => word.startsWith('--'));
const STATUS_EVERY_MS = 20;
const KEYS = mkdtempSync(join(tmpdir(), 'gatehouse-bench-keys-'));
process.once('exit', () => rmSync(KEYS, { recursive: true, force: true }));
const MASTER_KEY = randomBytes(32).toString('base64');

/** The settings that put a standalone onto a database of the bench's server. */
export const onDatabase = ({ host, port, user, password, database }) => ({
  GATEHOUSE_DATABASE_URL: `postgres://${user}:${encodeURIComponent(password)}@${encodeURIComponent(host)}:${port}/${database}`,
  GATEHOUSE_MASTER_KEY: MASTER_KEY,
  GATEHOUSE_IDENTITY_KEY: MASTER_KEY,
  GATEHOUSE_KEY_DIRECTORY: join(KEYS, database),
});

/** Starts the process that users start, like `launch`. @returns it once it is ready */
export const startStandalone = (settings, profile) => launch(settings, profile).ready;

/** The same of a process that serves HTTP and processes nothing. */
export const startGateway = (settings) => launch(settings, undefined, 'gateway').ready;

/**
 * @param settings environment variables over the defaults; no other GATEHOUSE_ variable reaches the process
 * @param profile a directory that gets its CPU profile when it stops
 * @returns `ready`, and `failed`, which rejects if it exits before
 */
export function launch(settings, profile, role = 'standalone') {
  const foreign = Object.entries(process.env).filter(([name]) => !name.startsWith('GATEHOUSE_'));
  const env = {
    ...Object.fromEntries(foreign),
    GATEHOUSE_PORT: '0',
    GATEHOUSE_LOG_LEVEL: 'warn',
    GATEHOUSE_NEW_ADMINISTRATOR_TOKEN: 'on',
    ...settings,
  };
  const flags = [...START_FLAGS, ...(profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : [])];
  const child = spawn(process.execPath, [...flags, mainOf(role)], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const killWithUs = () => child.kill('SIGKILL');
  process.once('exit', killWithUs);
  const gone = once(child, 'exit').finally(() => process.off('exit', killWithUs));
  const { ready, failed } = announced(child, gone);
  return { ready: ready.then((said) => controls(child, gone, said)), failed };
}

async function controls(child, gone, { url, token }) {
  const connection = await openConnection(url);
  let built = false;
  const end = async (signal) => {
    connection.close();
    child.kill(signal);
    await gone;
  };

  async function ask(method, path, json, status = 200) {
    return JSON.parse(bodyOf(expectStatus(await connection.ask(requestBytes(method, path, { token, json })), status)));
  }

  /** @returns its secret */
  const newToken = async (name, roles) => (await ask('POST', '/v1/tokens', { name, roles }, 201)).secret;
  let service;

  return {
    url,
    token,
    pid: child.pid,
    ask,
    newToken,
    /** The token of the service that sends facts: those of an administrator are found by who sent them too. */
    serviceToken: () => (service ??= newToken('image-service', ['service'])),
    /** An answer that is not JSON. */
    text: async (path) => bodyOf(expectStatus(await connection.ask(requestBytes('GET', path, { token })), 200)),
    /**
     * Resolves once every view and every reactor has reached the head, or only the given consumers.
     * @returns the head
     */
    async caughtUp(counts = () => true) {
      for (; !built; await sleep(STATUS_EVERY_MS)) {
        const { items } = await ask('GET', '/v1/views');
        built = items.every(({ live }) => live);
      }
      for (; ; await sleep(STATUS_EVERY_MS)) {
        const { head, consumers } = await ask('GET', '/v1/status');
        if (consumers.every(({ name, behind }) => behind === 0 || !counts(name))) return Number(head);
      }
    },
    stop: () => end('SIGTERM'),
    /** Kills it at once, like a crash. */
    kill: () => end('SIGKILL'),
  };
}

/** Its output once it is ready: its address, and a token. */
function announced(child, gone) {
  let text = '';
  let isReady = false;
  const ready = new Promise((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      if (isReady) {
        if (chunk.startsWith('{')) process.stderr.write(chunk); // its log; other output needs no attention
        return;
      }
      text += chunk;
      const [, url] = /ready at (\S+)\s/.exec(text) ?? [];
      const [token] = /ght_\S+(?=\s)/.exec(text) ?? [];
      isReady = url !== undefined && token !== undefined;
      if (isReady) resolve({ url, token });
    });
  });
  const failed = gone.then(([code]) => {
    throw new Error(`the standalone ended with ${code} before it was ready:\n${text}`);
  });
  failed.catch(() => {}); // an exit after it was ready is no failure
  return { ready: Promise.race([ready, failed]), failed };
}

/** Resident memory of a process, in bytes. */
export function residentBytes(pid) {
  const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) * 1024;
}

/** Linux counts the time of processes in hundredths of a second, whatever its clock. */
const TICK_MICROS = 10_000;

/** Time that a process has had of a core since its start, in microseconds. Other load changes it little, unlike a rate. */
export function cpuMicros(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // proc(5): utime and stime are the 14th and 15th field; the second may have spaces, and ends with the last parenthesis.
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return (Number(user) + Number(system)) * TICK_MICROS;
}

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { bodyOf, expectStatus, openConnection, requestBytes } from './http-connection.mjs';

const MAIN = fileURLToPath(new URL('../../dist/apps/standalone/main.js', import.meta.url));
const STATUS_EVERY_MS = 20;
const MASTER_KEY = randomBytes(32).toString('base64');

/** The settings that put a standalone onto a database of the bench's server. */
export const onDatabase = ({ host, port, user, password, database }) => ({
  GATEHOUSE_DATABASE_URL: `postgres://${user}:${encodeURIComponent(password)}@${host}:${port}/${database}`,
  GATEHOUSE_MASTER_KEY: MASTER_KEY,
});

/**
 * Starts the process that users start. Resolves when it says that it is ready.
 * @param settings environment variables over the defaults; no other GATEHOUSE_ variable reaches it
 * @param profile a directory that gets its CPU profile when it stops
 */
export async function startStandalone(settings, profile) {
  const foreign = Object.entries(process.env).filter(([name]) => !name.startsWith('GATEHOUSE_'));
  const env = { ...Object.fromEntries(foreign), GATEHOUSE_PORT: '0', GATEHOUSE_LOG_LEVEL: 'warn', ...settings };
  env.GATEHOUSE_NEW_ADMINISTRATOR_TOKEN = 'on';
  const flags = profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : [];
  const child = spawn(process.execPath, [...flags, MAIN], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const killWithUs = () => child.kill('SIGKILL');
  process.once('exit', killWithUs);
  const gone = once(child, 'exit').finally(() => process.off('exit', killWithUs));
  const { url, token } = await announced(child, gone);
  const connection = await openConnection(url);

  let built = false;

  async function ask(method, path, json, status = 200) {
    return JSON.parse(bodyOf(expectStatus(await connection.ask(requestBytes(method, path, { token, json })), status)));
  }

  return {
    url,
    token,
    pid: child.pid,
    ask,
    /** Resolves when every view and every reaction has passed the head, and nothing new came of it. */
    async caughtUp() {
      for (; !built; await sleep(STATUS_EVERY_MS)) {
        const { items } = await ask('GET', '/v1/views');
        built = items.every(({ live }) => live);
      }
      for (; ; await sleep(STATUS_EVERY_MS)) {
        const { head, consumers } = await ask('GET', '/v1/status');
        if (consumers.every(({ behind }) => behind === 0)) return Number(head);
      }
    },
    async stop() {
      connection.close();
      child.kill('SIGTERM');
      await gone;
    },
    /** At once, as a crash does. */
    async kill() {
      connection.close();
      child.kill('SIGKILL');
      await gone;
    },
  };
}

async function announced(child, gone) {
  let text = '';
  const ready = new Promise((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      if (text.includes('Press Ctrl-C')) {
        if (chunk.startsWith('{')) process.stderr.write(chunk); // its log; the rest is its farewell
        return;
      }
      text += chunk;
      if (text.includes('Press Ctrl-C')) resolve();
    });
  });
  const ended = gone.then(([code]) => {
    throw new Error(`the standalone ended with ${code} before it was ready:\n${text}`);
  });
  ended.catch(() => {});
  await Promise.race([ready, ended]);
  return { url: /ready at (\S+)/.exec(text)[1], token: /ght_\S+/.exec(text)[0] };
}

/** Resident memory of a process, in bytes. */
export function residentBytes(pid) {
  const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) * 1024;
}

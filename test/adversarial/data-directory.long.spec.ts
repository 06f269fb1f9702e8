import { execFileSync } from 'node:child_process';
import { chown, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { client, cloudEvent } from '../support/gatehouse.js';
import { prepareBuild, runToEnd, type StandaloneProcess, startProcess } from '../support/standalone-process.js';

const IN_USE = /gatehouse: another Gatehouse process uses .*: stop it first, or set GATEHOUSE_DATA/;
/** An id that no system has a user for. */
const STRANGER = 64_123;
const AS_STRANGER = ['setpriv', `--reuid=${STRANGER}`, `--regid=${STRANGER}`, '--clear-groups'];

const works = (...[program, ...args]: string[]): boolean => {
  try {
    execFileSync(program!, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};
const pathOf = (program: string) => execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim();

/** Each process of its own PID namespace, like a container: it sees no process of another, and all its processes die with it. */
const CONTAINER = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];
const hasContainers = works(...CONTAINER, 'true');
const container = hasContainers ? CONTAINER : [];
if (!hasContainers)
  console.log('two containers on one directory: skipped, since this system permits no PID namespaces');

let directory: string;
const running: (StandaloneProcess & { end(): Promise<unknown> })[] = [];

beforeAll(prepareBuild, 120_000);
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-directory-'));
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.end();
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
});

async function start(env: Record<string, string> = {}, through = container): Promise<StandaloneProcess> {
  const one = await startProcess({ GATEHOUSE_DATA: directory, ...env }, 'standalone', through);
  // Everything in a container dies with its first process; elsewhere a killed backend leaves its PostgreSQL running.
  const end = () => one.stop(through === CONTAINER ? 'SIGKILL' : 'SIGTERM');
  running.push({ ...one, end });
  return one;
}

/** Starts two at once: one must become ready, the other must end with a line. */
async function startTwo(env: Record<string, string> = {}): Promise<StandaloneProcess> {
  const results = await Promise.allSettled([start(env), start(env)]);
  const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason.message] : []));
  expect(failures).toEqual([expect.stringMatching(IN_USE)]);
  return running[0]!;
}

(hasContainers ? describe : describe.skip)('two processes in two containers on one data directory', () => {
  it('start for the first time at once: one serves and the other ends, and a later one has every event', async () => {
    const first = await startTwo();
    const images = Array.from({ length: 50 }, (_, n) => ({ imageId: `img-${n}`, accountId: 'acc-1' }));
    const sender = client(first.url, first.token);
    const post = async (from: number, to: number) => {
      const events = images.slice(from, to).map((data) => cloudEvent('ImageGenerated', data));
      expect((await sender.post('/v1/events', events)).status).toBe(202);
    };
    await post(0, 25);
    await expect(start()).rejects.toThrow(IN_USE);
    await post(25, 50);
    await first.stop('SIGKILL');
    running.length = 0;
    const next = await start();
    const { body } = await client(next.url, first.token).get('/v1/events?after=0&limit=1000');
    const stored = body.events.map(({ data }: { data: { imageId: string } }) => data.imageId);
    expect(stored.sort()).toEqual(images.map(({ imageId }) => imageId).sort()); // each lane has its own order
  });

  it('keep to one on a system without locks', async () => {
    const bin = join(directory, 'bin');
    await mkdir(bin);
    for (const program of ['unshare', 'id', 'mount']) await symlink(pathOf(program), join(bin, program));
    const first = await startTwo({ PATH: bin, GATEHOUSE_DATA: join(directory, 'data') });
    expect((await client(first.url, first.token).get('/v1/status')).status).toBe(200);
    expect(await readdir(join(directory, 'data', 'postgres'))).toContain('owner.1');
  });
});

const isRoot = process.getuid?.() === 0;
const asRoot = isRoot && works(...AS_STRANGER, 'true') ? it : it.skip;

/** Every file below a directory with its owner and mode. */
async function contents(path: string): Promise<string[]> {
  const names = ['.', ...(await readdir(path, { recursive: true }))].sort();
  const line = async (name: string) => {
    const { uid, gid, mode } = await stat(join(path, name));
    return `${name} ${uid}:${gid} ${mode.toString(8)}`;
  };
  return Promise.all(names.map(line));
}

describe('a data directory and its user', () => {
  asRoot('is left as it is if root starts on the directory of another user', async () => {
    const data = join(directory, 'data');
    const cluster = join(data, 'postgres', 'cluster');
    await mkdir(cluster, { recursive: true, mode: 0o700 });
    await writeFile(join(cluster, 'PG_VERSION'), '18\n');
    for (const path of [cluster, join(data, 'postgres'), data]) {
      await chown(path, STRANGER, STRANGER);
      const before = await contents(data);
      const ended = await runToEnd({ GATEHOUSE_DATA: data });
      expect(ended).toMatchObject({
        code: 1,
        errors: [
          expect.stringMatching(/^gatehouse: \S+ belongs to the user with id 64123, but .* start it as the user/),
        ],
      });
      expect(await contents(data)).toEqual(before);
    }
  });

  asRoot(
    'works for a user without a name if the system has user namespaces, otherwise a line names the remedy',
    async () => {
      await chown(directory, STRANGER, STRANGER);
      const empty = join(directory, 'bin');
      await mkdir(empty);
      const setpriv = [pathOf('setpriv'), ...AS_STRANGER.slice(1)];
      await expect(start({ PATH: empty }, setpriv)).rejects.toThrow(
        /^.*gatehouse: PostgreSQL does not run as user 64123, who has no entry in \/etc\/passwd: add one.*\n$/,
      );
      expect(await readdir(directory)).toEqual(['bin']);
      if (works(...AS_STRANGER, 'unshare', '--user', '--map-user=daemon', '--', 'true')) {
        const { token } = await start({}, AS_STRANGER);
        expect(token).toBeDefined();
      }
    },
  );
});

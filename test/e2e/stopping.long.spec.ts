import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FSWatcher, readdirSync, readFileSync, watch } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { prepareBuild, runToEnd } from '../support/standalone-process.js';

let directory: string;
let watcher: FSWatcher | undefined;

beforeAll(async () => {
  prepareBuild();
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-stopping-'));
}, 120_000);
afterEach(() => watcher?.close());
afterAll(() => rm(directory, { recursive: true, force: true }));

const start = (name: string, during: (child: ChildProcess) => void, command?: readonly string[]) =>
  runToEnd({ GATEHOUSE_DATA: join(directory, name) }, 'standalone', during, command);

/** Runs the action once the process has written the text. */
const onceSaid = (child: ChildProcess, text: string, then: () => void) => {
  let output = '';
  const look = (chunk: string) => {
    output += chunk;
    if (!output.includes(text)) return;
    child.stdout!.off('data', look);
    then();
  };
  child.stdout!.on('data', look);
};

/** Sends the signal once the file appears. */
const onceThere = (path: string, file: string, child: ChildProcess, signal: NodeJS.Signals) => {
  watcher = watch(path, (_, name) => {
    if (name !== file) return;
    watcher!.close();
    child.kill(signal);
  });
};

/** Command lines of running processes, read without `ps`, which a small system does not have. */
function commandLines(): string[] {
  if (process.platform !== 'linux') return execFileSync('ps', ['-eo', 'args='], { encoding: 'utf8' }).split('\n');
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return ''; // it ended meanwhile
      }
    });
}

/** The processes on a directory of this spec. */
const leftBehind = () => commandLines().filter((line) => line.includes(directory));

it('finds the processes on its directory', async () => {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()', directory]);
  await once(child, 'spawn');
  expect(leftBehind()).toEqual([expect.stringContaining(directory)]);
  child.stdin.end();
  await once(child, 'exit');
  expect(leftBehind()).toEqual([]);
});

it('stops in order after two Ctrl-C within milliseconds, as npm sends them', async () => {
  const ended = await start('data', (child) => {
    onceSaid(child, 'Press Ctrl-C', () => child.kill('SIGINT'));
    onceSaid(child, 'Stopping', () => child.kill('SIGINT'));
  });
  expect(ended).toMatchObject({ code: 0, errors: [], output: expect.stringMatching(/Stopped\.\n$/) });
  expect(leftBehind()).toEqual([]);
});

it('stops in order when npm start, which a supervisor knows by its pid, gets SIGTERM', async () => {
  const ended = await start('data', (child) => onceSaid(child, 'Press Ctrl-C', () => child.kill('SIGTERM')), [
    'npm',
    'start',
  ]);
  expect(ended).toMatchObject({ code: 0, errors: [], output: expect.stringMatching(/Stopped\.\n$/) });
  expect(leftBehind()).toEqual([]);
});

it('stops in order when its terminal closes', async () => {
  const ended = await start('data', (child) => {
    onceSaid(child, 'Press Ctrl-C', () => {
      child.stdout!.destroy();
      child.kill('SIGHUP');
    });
  });
  expect(ended).toMatchObject({ code: 0, errors: [] });
  expect(leftBehind()).toEqual([]);
});

it('leaves nothing behind when it is stopped while it creates its database', async () => {
  const postgres = join(directory, 'new', 'postgres');
  await mkdir(postgres, { recursive: true });
  const ended = await start('new', (child) => onceThere(postgres, 'cluster.new', child, 'SIGTERM'));
  expect(ended).toMatchObject({ code: 0, errors: [], output: expect.stringMatching(/Stopped\.\n$/) });
  expect(leftBehind()).toEqual([]);
});

it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  'leaves no database running when it gets %s while the database starts',
  async (signal) => {
    const cluster = join(directory, 'data', 'postgres', 'cluster');
    const ended = await start('data', (child) => onceThere(cluster, 'postmaster.pid', child, signal));
    expect(ended).toMatchObject({ code: 0, errors: [], output: expect.stringMatching(/Stopped\.\n$/) });
    expect(leftBehind()).toEqual([]);
  },
);

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { prepareBuild } from '../../../test/support/standalone-process.js';
import { until } from '../../../test/support/until.js';
import { DirectoryClaim } from './directory-claim.js';

/** An owner that lives is noticed at its next heartbeat, however long a dead one is waited for. */
const PATIENT = { beatMs: 20, deadMs: 600_000 };
const QUICK = { beatMs: 20, deadMs: 100 };

describe('a claim of a directory on a system without locks', () => {
  let directory: string;
  let lost = 0;
  const claims: DirectoryClaim[] = [];
  const children: ChildProcess[] = [];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'gatehouse-claim-'));
    lost = 0;
  });
  afterEach(async () => {
    for (const claim of claims.splice(0)) await claim.release();
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await rm(directory, { recursive: true, force: true });
  });

  async function take(times = PATIENT): Promise<DirectoryClaim | undefined> {
    const claim = await DirectoryClaim.take(directory, () => lost++, times);
    if (claim) claims.push(claim);
    return claim;
  }

  /** A process in the place of the server. */
  async function server(): Promise<ChildProcess> {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    children.push(child);
    await once(child, 'spawn');
    return child;
  }

  const guardOf = (claim: DirectoryClaim) => (claim as unknown as { guard: ChildProcess }).guard;
  const numbers = async () => (await readdir(directory)).sort();

  it('is refused while its owner lives, and given at once when that has released it', async () => {
    const first = await take();
    expect(await take()).toBeUndefined();
    expect(lost).toBe(0);
    await first!.release();
    expect(await take()).toBeDefined();
    expect(await numbers()).toEqual(['owner.2']);
  });

  it('is given to one of several that ask for it at once', async () => {
    const given = await Promise.all(Array.from({ length: 5 }, () => take()));
    expect(given.filter(Boolean)).toHaveLength(1);
  });

  it('is given to another if its owner shows no heartbeat', async () => {
    const first = await take();
    guardOf(first!).kill('SIGKILL');
    await until(() => lost === 1);
    expect(await take(QUICK)).toBeDefined();
    expect(await numbers()).toEqual(['owner.2']);
  });

  it('is superseded for a process with a lock of the system only if its owner shows no heartbeat', async () => {
    const first = await take();
    expect(await DirectoryClaim.supersede(directory, PATIENT)).toBe(false);
    guardOf(first!).kill('SIGKILL');
    await until(() => lost === 1);
    expect(await DirectoryClaim.supersede(directory, QUICK)).toBe(true);
    expect(await numbers()).toEqual(['owner.2']);
    expect(await DirectoryClaim.supersede(directory, PATIENT)).toBe(true);
    expect(await take()).toBeDefined();
  });

  it('fences off an owner that shows a heartbeat again after it was taken over: its server is killed', async () => {
    const first = await take();
    const running = await server();
    const killed = once(running, 'exit');
    first!.serverIs(running.pid!);
    await until(async () => (await readFile(join(directory, 'owner.1'), 'utf8')).includes(`server ${running.pid} `));
    await writeFile(join(directory, 'owner.2'), 'another owner 0');
    expect(await killed).toEqual([null, 'SIGKILL']);
    await until(() => lost === 1);
    expect(await readFile(join(directory, 'owner.2'), 'utf8')).toBe('another owner 0');
  });

  it('stops the server of an owner that was killed, and is released then', async () => {
    prepareBuild();
    const running = await server();
    const stopped = once(running, 'exit');
    const program = `
      const { DirectoryClaim } = await import('./dist/libs/platform/embedded-postgres/directory-claim.js');
      const claim = await DirectoryClaim.take(process.argv[1], () => {}, { beatMs: 20, deadMs: 600000 });
      claim.serverIs(Number(process.argv[2]));
      setInterval(() => console.log('claimed'), 10);`;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', program, directory, String(running.pid)]);
    children.push(owner);
    await once(owner.stdout!, 'data');
    owner.kill('SIGKILL');
    expect(await stopped).toEqual([null, 'SIGQUIT']);
    await until(async () => (await readFile(join(directory, 'owner.1'), 'utf8')).endsWith('released'));
    expect(await take()).toBeDefined();
  });
});

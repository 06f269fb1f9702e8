import { closeSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type DirectoryLock, lockDirectory } from './directory-lock.js';
import { ServerLock } from './server-lock.js';

const PATH = process.env.PATH;

describe('the lock of a directory', () => {
  let parent: string;
  let directory: string;
  const held: DirectoryLock[] = [];

  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'gatehouse-lock-'));
    directory = join(parent, 'postgres');
    await mkdir(directory);
  });
  afterEach(async () => {
    process.env.PATH = PATH;
    for (const lock of held.splice(0)) await lock.release();
    await rm(parent, { recursive: true, force: true });
  });

  async function lock(): Promise<DirectoryLock> {
    const taken = await lockDirectory(directory, () => {});
    held.push(taken);
    return taken;
  }

  /** As on a system without the program that locks files. */
  async function withoutLocks<Result>(work: () => Promise<Result>): Promise<Result> {
    process.env.PATH = parent;
    try {
      return await work();
    } finally {
      process.env.PATH = PATH;
    }
  }

  /** A program that is found in the place of flock. */
  async function replaceFlock(program: string, mode: number): Promise<void> {
    await writeFile(join(parent, 'flock'), program);
    await chmod(join(parent, 'flock'), mode);
    process.env.PATH = parent;
  }

  it('excludes a process without locks of the system until it is released', async () => {
    const ours = await lock();
    await expect(withoutLocks(lock)).rejects.toMatchObject({
      code: 'data-use-unclear',
      message: expect.stringMatching(/install flock.*delete .*process\.lock$/),
    });
    expect(await readdir(directory)).toEqual(['process.lock']);
    await ours.release();
    held.length = 0;
    await withoutLocks(lock);
  });

  it('is refused while a process without locks of the system shows a heartbeat', async () => {
    const other = await withoutLocks(lock);
    await expect(lock()).rejects.toMatchObject({ code: 'data-in-use' });
    await other.release();
    held.length = 0;
    await lock();
  });

  it('is not replaced by a claim if the program that takes it can’t run or is killed', async () => {
    const failures = [
      ['#!/bin/sh\n', 0o600, 'EACCES'],
      ['#!/bin/sh\nkill -9 $$\n', 0o700, 'SIGKILL'],
    ] as const;
    for (const [program, mode, cause] of failures) {
      await replaceFlock(program, mode);
      await expect(lock()).rejects.toMatchObject({
        code: 'lock-failed',
        message: expect.stringMatching(new RegExp(`process\\.lock.*${cause}.*then start again`)),
      });
    }
    expect(await readdir(directory)).toEqual(['process.lock']);
  });

  it('says of a server that it has a lock only if it has one', async () => {
    const use = async () => {
      const taken = (await ServerLock.tryTake(directory)) as ServerLock;
      await taken.refuseUnseenServer();
      await taken.markUsed();
      if (taken.descriptor !== undefined) closeSync(taken.descriptor);
    };
    const pidFile = join(directory, 'cluster', 'postmaster.pid');
    const note = () => readFile(join(directory, 'server.lock'), 'utf8');
    await mkdir(join(directory, 'cluster'));
    await use();
    expect(await note()).toContain('Locked by the PostgreSQL server');

    // It may have that lock still, in another container.
    await writeFile(pidFile, '999999999\n');
    await expect(withoutLocks(use)).rejects.toMatchObject({
      code: 'data-use-unclear',
      message: expect.stringMatching(/delete .*postmaster\.pid$/),
    });
    await rm(pidFile);
    await withoutLocks(use);
    expect(await note()).toBe('');
  });
});

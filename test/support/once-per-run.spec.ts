import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { oncePerRun } from './once-per-run.js';

describe('oncePerRun', () => {
  const server = process.env.GATEHOUSE_TEST_SERVER;
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'gatehouse-once-'));
    process.env.GATEHOUSE_TEST_SERVER = directory;
  });
  afterEach(async () => {
    process.env.GATEHOUSE_TEST_SERVER = server;
    await rm(directory, { recursive: true });
  });

  it('makes the resource once, also for a caller that saw no answer just before it was there', async () => {
    await oncePerRun('server', async () => 'a server');
    const answer = join(directory, 'server.json');
    await rename(answer, `${answer}.later`);
    const caller = oncePerRun('server', async () => 'another server');
    await rename(`${answer}.later`, answer);
    await expect(caller).resolves.toBe('a server');
  });

  it('lets the next caller try again after a failure', async () => {
    const failing = oncePerRun('server', () => Promise.reject(new Error('no port is free')));
    await expect(failing).rejects.toThrow('no port is free');
    await expect(oncePerRun('server', async () => 'a server')).resolves.toBe('a server');
  });
});

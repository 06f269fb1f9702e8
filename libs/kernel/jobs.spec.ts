import { describe, expect, it } from '@jest/globals';
import { systemClock } from './clock.js';
import { timeOrderedIds } from './ids.js';
import { type Job, Jobs, type Work } from './jobs.js';

interface Search extends Job {
  what: string;
  found?: number;
}

const jobsOf = (atOnce: number, most: number) =>
  new Jobs<Search>(systemClock, timeOrderedIds(systemClock), { name: 'searches', atOnce, most });

/** Work that ends when it is asked to. */
function held() {
  let end = (): void => {};
  const promise = new Promise<void>((resolve) => {
    end = resolve;
  });
  let isBegun = false;
  const work: Work<Pick<Search, 'status' | 'found'>> = async (progress, signal) => {
    isBegun = true;
    progress(3, 7);
    await promise;
    signal.throwIfAborted();
    return { status: 'done', found: 1 };
  };
  return { work, end: () => end(), isBegun: () => isBegun };
}

/** Resolves once the job has ended. */
const ended = async (job: Search) => {
  while (job.status === 'running') await new Promise(setImmediate);
  return job;
};

describe('jobs of a process', () => {
  it('show how far they are and what they found', async () => {
    const jobs = jobsOf(1, 1);
    const one = held();
    const job = await jobs.start({ what: 'a' }, one.work);
    await new Promise(setImmediate);
    expect(jobs.find(job.id)).toMatchObject({ what: 'a', status: 'running', position: '3', of: '7' });
    one.end();
    expect(await ended(job)).toMatchObject({ status: 'done', found: 1, endedAt: expect.any(String) });
  });

  it('fail with their error, and let the next one begin', async () => {
    const jobs = jobsOf(1, 2);
    const failing = await jobs.start({ what: 'a' }, () => Promise.reject(new Error('the disk is full')));
    const next = await jobs.start({ what: 'b' }, async () => ({ status: 'done' }));
    expect(await ended(failing)).toMatchObject({ status: 'failed', error: 'the disk is full' });
    expect(await ended(next)).toMatchObject({ status: 'done' });
  });

  it('wait for their turn, and are refused by name when too many wait, until one has ended', async () => {
    const jobs = jobsOf(1, 2);
    const [first, second] = [held(), held()];
    const running = await jobs.start({ what: 'a' }, first.work);
    const waiting = await jobs.start({ what: 'b' }, second.work);
    await new Promise(setImmediate);
    expect([first.isBegun(), second.isBegun()]).toEqual([true, false]);
    await expect(jobs.start({ what: 'c' }, held().work)).rejects.toMatchObject({
      code: 'too-many-jobs',
      message: expect.stringContaining('2 searches'),
    });
    first.end();
    await ended(running);
    second.end();
    expect(await ended(waiting)).toMatchObject({ status: 'done' });
    await new Promise(setImmediate);
    expect(await jobs.start({ what: 'c' }, async () => ({ status: 'done' }))).toMatchObject({ what: 'c' });
  });

  it('count while they are being recorded, and are none if that fails', async () => {
    const jobs = jobsOf(1, 1);
    let fail = (_: Error): void => {};
    const recording = new Promise<void>((_, reject) => {
      fail = reject;
    });
    const starting = jobs.start({ what: 'a' }, held().work, () => recording);
    await expect(jobs.start({ what: 'b' }, held().work)).rejects.toMatchObject({ code: 'too-many-jobs' });
    fail(new Error('the log is unreachable'));
    await expect(starting).rejects.toThrow('the log is unreachable');
    expect(await jobs.start({ what: 'c' }, async () => ({ status: 'done' }))).toMatchObject({ what: 'c' });
  });

  it('are forgotten after 50 others, but never before they have ended', async () => {
    const jobs = jobsOf(2, 2);
    const long = held();
    const first = await jobs.start({ what: 'long' }, long.work);
    const short: Search[] = [];
    for (let n = 0; n < 60; n++) {
      short.push(await ended(await jobs.start({ what: String(n) }, async () => ({ status: 'done' }))));
      await new Promise(setImmediate);
    }
    expect([first, short[0]!, short[59]!].map(({ id }) => jobs.find(id)?.what)).toEqual(['long', undefined, '59']);
    long.end();
  });

  it('end when the process stops, those that wait before they begin', async () => {
    const jobs = jobsOf(1, 3);
    const [first, second] = [held(), held()];
    const running = await jobs.start({ what: 'a' }, first.work);
    const waiting = await jobs.start({ what: 'b' }, second.work);
    await new Promise(setImmediate);
    const stopping = jobs.onApplicationShutdown();
    first.end();
    await stopping;
    const failed = { status: 'failed', error: 'the process is stopping' };
    expect([running, waiting]).toMatchObject([failed, failed]);
    expect(second.isBegun()).toBe(false);
  });
});

import { expect, it } from '@jest/globals';
import { until } from '../../test/support/until.js';
import { Waves } from './waves.js';

/** Work that lasts until it is ended, and what has begun so far. */
function works(waves: Waves) {
  const begun: string[] = [];
  const ends = new Map<string, { resolve(result: string): void; reject(error: unknown): void }>();
  const run = (name: string) =>
    waves.run(() => {
      begun.push(name);
      return new Promise<string>((resolve, reject) => {
        ends.set(name, { resolve, reject });
      });
    });
  return {
    begun,
    run,
    end: (name: string) => ends.get(name)!.resolve(name),
    fail: (name: string) => ends.get(name)!.reject(name),
  };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));
const NEVER_MS = 2_147_483_647;

it('begins work at once while few waves are under way, and the rest together when one is over', async () => {
  const { begun, run, end } = works(new Waves({ atOnce: 2, longestMs: NEVER_MS }));
  const results = [run('a1'), run('a2')];
  await turn();
  results.push(run('b'));
  await turn();
  expect(begun).toEqual(['a1', 'a2', 'b']);
  for (const name of ['c1', 'c2']) results.push(run(name));
  await turn();
  end('a1');
  await turn();
  results.push(run('c3'));
  await turn();
  expect(begun).toEqual(['a1', 'a2', 'b']);
  end('a2');
  await turn();
  expect(begun).toEqual(['a1', 'a2', 'b', 'c1', 'c2', 'c3']);
  for (const name of ['b', 'c1', 'c2', 'c3']) end(name);
  expect(await Promise.all(results)).toEqual(['a1', 'a2', 'b', 'c1', 'c2', 'c3']);
});

it('fails with its own work only, and goes on', async () => {
  const { run, end, fail } = works(new Waves({ atOnce: 1, longestMs: NEVER_MS }));
  const [bad, good, next] = [run('bad'), run('good'), turn().then(() => run('next'))];
  const failed = expect(bad).rejects.toBe('bad');
  await turn();
  fail('bad');
  end('good');
  expect(await good).toBe('good');
  await failed;
  await turn();
  await turn();
  end('next');
  expect(await next).toBe('next');
});

it('does not let one that lasts too long hold up those behind it', async () => {
  const { begun, run, end } = works(new Waves({ atOnce: 1, longestMs: 1 }));
  const long = run('long');
  await turn();
  const next = run('next');
  await until(() => begun.includes('next'));
  for (const name of ['long', 'next']) end(name);
  expect(await Promise.all([long, next])).toEqual(['long', 'next']);
});

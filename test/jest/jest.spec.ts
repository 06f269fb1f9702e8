import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { canonicalJson } from '../../libs/kernel/canonical-json.js';

const { runJest } = (await import(`${process.cwd()}/test/jest/jest.mjs`)) as {
  runJest(args: string[], options: { isShown: boolean }): Promise<{ passed: number; failed: number }>;
};

describe('a run of Jest', () => {
  const roots: string[] = [];
  afterAll(() => {
    for (const root of roots) rmSync(root, { recursive: true, force: true });
  });

  /** @param exitMs how long a worker may take to exit */
  function run(test: string, exitMs: number) {
    // A new one each time: Jest starts workers for two files or more unless it remembers that they are fast.
    const root = mkdtempSync(join(tmpdir(), 'gatehouse-planted-jest-'));
    roots.push(root);
    const config = join(root, 'jest.config.json');
    const options = { rootDir: root, cacheDirectory: join(root, 'cache'), workerGracefulExitTimeout: exitMs };
    writeFileSync(config, JSON.stringify(options));
    for (const file of ['one', 'two'])
      writeFileSync(join(root, `${file}.test.js`), `test('passes', () => {${test}});\n`);
    return runJest(['--config', config], { isShown: false });
  }

  it('passes if its workers exit', async () => {
    expect(await run('', 600_000)).toMatchObject({ passed: 2, failed: 0 });
  });

  it('fails if a worker had to be killed, although every test passes', async () => {
    expect(await run('setInterval(() => {}, 1_000)', 1)).toMatchObject({ passed: 2, failed: 1 });
  });
});

describe('the stack of an error', () => {
  /** The line of the source that the first frame of a stack names. */
  const lineOf = ({ stack }: Error) => {
    const { path, line } = /(?<path>\/\S+\.ts):(?<line>\d+):\d+/.exec(stack!)!.groups!;
    return readFileSync(path!, 'utf8').split('\n')[Number(line) - 1];
  };

  it('has the lines of a spec, which are compiled as it is loaded', () => {
    expect(lineOf(new Error('of this line'))).toContain('of this line');
  });

  it('has the lines of a source, which the build has compiled', () => {
    const thrown = () => {
      try {
        canonicalJson(Number.NaN);
      } catch (error) {
        return error as Error;
      }
    };
    expect(lineOf(thrown()!)).toContain('throw new');
  });

  it('is there without them if the source is gone', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'gatehouse-source-'));
    const path = join(directory, 'gone.ts');
    writeFileSync(path, "export const failing = () => new Error('of a file that is gone');\n");
    const { failing } = (await import(path)) as { failing(): Error };
    rmSync(directory, { recursive: true });
    expect(failing().stack).toContain('gone.ts');
  });
});

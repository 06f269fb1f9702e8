import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const { runJest } = (await import(`${process.cwd()}/test/jest/jest.mjs`)) as {
  runJest(args: string[], options: { isShown: boolean }): Promise<{ passed: number; failed: number }>;
};

describe('a run of Jest', () => {
  let root: string;

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'gatehouse-planted-jest-'));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  /** @param exitMs how long a worker may take to exit */
  function run(test: string, exitMs: number) {
    const config = join(root, 'jest.config.json');
    const options = { rootDir: root, cacheDirectory: join(root, 'cache'), workerGracefulExitTimeout: exitMs };
    writeFileSync(config, JSON.stringify(options));
    // Jest starts workers for two files or more.
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

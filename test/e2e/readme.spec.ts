import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from '@jest/globals';
import { startGatehouse } from '../support/gatehouse.js';
import { Shell, walkOf } from '../support/readme-walk.js';

const [setUp, ...steps] = walkOf('A short walk');
const answers = steps.flatMap(({ shown }) => (shown === undefined ? [] : [loosely(shown)]));

/** Positions, times and ids differ between runs, and the README shortens long answers. */
function loosely(shown: unknown): unknown {
  if (Array.isArray(shown)) return shown.map(loosely);
  if (typeof shown !== 'object' || shown === null) return shown;
  const entries = Object.entries(shown).map(([name, value]) => {
    if (name === 'position') return [name, expect.stringMatching(/^\d+$/)];
    return [name, typeof value === 'string' && value.endsWith('…') ? expect.any(String) : loosely(value)];
  });
  return expect.objectContaining(Object.fromEntries(entries));
}

describe('the README', () => {
  it('is short enough to read in one go', () => {
    expect(readFileSync('README.md', 'utf8').split(/\s+/).length).toBeLessThan(1_200);
  });
});

describe('the walk of the README', () => {
  const open: (() => unknown)[] = [];

  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
  });

  /** A shell beside a new backend that works in the background, as after npm start. */
  async function newShell(): Promise<Shell> {
    const gatehouse = await startGatehouse({ background: true });
    open.push(() => gatehouse.close());
    const shell = new Shell({ GATEHOUSE_URL: gatehouse.url, GATEHOUSE_TOKEN: gatehouse.administratorToken });
    open.push(() => shell.close());
    return shell;
  }

  it('starts with the address and the token', () => {
    expect(setUp!.script).toBe('export GATEHOUSE_URL=http://127.0.0.1:8080\nexport GATEHOUSE_TOKEN=ght_…\n');
    expect(answers.length).toBeGreaterThan(10);
  });

  it('works word for word, block by block, with the answers shown', async () => {
    const shell = await newShell();
    for (const { script, shown } of steps) {
      const printed = await shell.run(script);
      if (shown === undefined) expect([script, printed]).toEqual([script, '']);
      else expect([script, JSON.parse(printed)]).toEqual([script, loosely(shown)]);
    }
  });

  it('gives the same answers as one paste', async () => {
    const shell = await newShell();
    const printed = await shell.run(steps.map(({ script }) => script).join('\n'));
    expect(printed.split('\n').map((line) => JSON.parse(line))).toEqual(answers);
  });
});

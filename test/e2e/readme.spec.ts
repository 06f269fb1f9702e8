import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { Shell, walkOf } from '../support/readme-walk.js';

const [setUp, ...steps] = walkOf('A ten-minute walk');

/** Positions, times and ids differ from run to run; the README leaves out what would be too long. */
function loosely(shown: unknown): unknown {
  if (Array.isArray(shown)) return shown.map(loosely);
  if (typeof shown !== 'object' || shown === null) return shown;
  const entries = Object.entries(shown).map(([name, value]) => {
    if (name === 'position') return [name, expect.stringMatching(/^\d+$/)];
    return [name, typeof value === 'string' && value.endsWith('…') ? expect.any(String) : loosely(value)];
  });
  return expect.objectContaining(Object.fromEntries(entries));
}

describe('the walk of the README', () => {
  let gatehouse: TestGatehouse;
  let shell: Shell;

  beforeAll(async () => {
    gatehouse = await startGatehouse();
    shell = new Shell({ GATEHOUSE_URL: gatehouse.url, GATEHOUSE_TOKEN: gatehouse.administratorToken });
  });
  afterAll(async () => {
    shell.close();
    await gatehouse.close();
  });

  it('begins with what npm start printed', () => {
    expect(setUp!.script).toBe('export GATEHOUSE_URL=http://127.0.0.1:8080\nexport GATEHOUSE_TOKEN=ght_…\n');
    expect(steps.filter(({ shown }) => shown !== undefined).length).toBeGreaterThan(12);
  });

  it('works word for word and is answered as shown', async () => {
    for (const { script, shown } of steps) {
      const printed = await shell.run(script);
      if (shown === undefined) expect([script, printed]).toEqual([script, '']);
      else expect([script, JSON.parse(printed.split('\n').at(-1)!)]).toEqual([script, loosely(shown)]);
      await gatehouse.settle();
    }
  });
});

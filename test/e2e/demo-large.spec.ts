import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { cliFor } from '../support/cli-process.js';
import { startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

const FLAGS = 1_500;
const LIMIT_MS = 300_000;

interface Check {
  what: string;
  expected: number;
  found: number;
}

let gatehouse: TestGatehouse;
let cli: ReturnType<typeof cliFor>;

beforeAll(async () => {
  // More than anybody but the flooders flags.
  gatehouse = await startGatehouse({ background: true, env: { GATEHOUSE_FLAGS_PER_HOUR: '100' } });
  cli = cliFor({ url: gatehouse.url, token: gatehouse.administratorToken });
});
afterAll(() => gatehouse?.close());

it(
  'makes of floods, repeated flags, reviewers who err, a changing ladder and appeals what the generator knows',
  async () => {
    const result = await cli.run('demo', '--large', '--flags', String(FLAGS), '--json');
    expect(result).toMatchObject({ code: 0, stderr: '' });
    const checks: Check[] = result.json().checks;
    expect(checks.filter(({ expected, found }) => expected !== found)).toEqual([]);
    const known = new Map(checks.map(({ what, expected }) => [what, expected]));
    // Who gets which case depends on the moment, and with it how many are confirmed and appealed against.
    for (const what of ['cases confirmed', 'cases in a second round', 'cases overturned on appeal'])
      expect([what, known.get(what)]).toEqual([what, expect.any(Number)]);
    expect(known.get('flags kept apart')).toBeGreaterThan(0);
  },
  LIMIT_MS,
);

it('needs an empty backend', async () => {
  expect(await cli.run('demo', '--large')).toMatchObject({ code: 5, stderr: expect.stringContaining('of its own') });
});

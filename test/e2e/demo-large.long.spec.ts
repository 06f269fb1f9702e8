import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { cliFor } from '../support/cli-process.js';
import { startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

const FLAGS = 2_000;
/** With it there are several of each of what follows, also if other reviewers get other cases. */
const SEED = 193;
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
    const result = await cli.run('demo', '--large', '--flags', String(FLAGS), '--seed', String(SEED), '--json');
    expect(result).toMatchObject({ code: 0, stderr: '' });
    const checks: Check[] = result.json().checks;
    expect(checks.filter(({ expected, found }) => expected !== found)).toEqual([]);
    const known = new Map(checks.map(({ what, expected }) => [what, expected]));
    // Who gets which case depends on the moment, and with it how many of these there are, but not whether.
    for (const what of [
      ...['flags kept apart', 'flooders whose flags are kept apart', 'verdicts of reviewers who erred'],
      ...['cases confirmed', 'cases in a second round', 'cases overturned on appeal', 'appeals denied'],
      // Only the first ladder suspends.
      ...['strike', 'suspend', 'deactivate'].map((measure) => `confirmations whose measure is ${measure}`),
      'accounts denied as account-deactivated after the appeals',
    ])
      expect({ what, known: known.get(what) }).toEqual({ what, known: expect.any(Number) });
    expect(
      [...known].filter(([what, count]) => count === 0 && !/otherwise|another|beyond|suspended/.test(what)),
    ).toEqual([]);
    const counts = ['images generated', 'cases decided', 'flooders whose flags are kept apart'].map((one) =>
      known.get(one),
    );
    expect(counts).toEqual([400, 55, 4]);
  },
  LIMIT_MS,
);

it('needs an empty backend', async () => {
  expect(await cli.run('demo', '--large')).toMatchObject({ code: 5, stderr: expect.stringContaining('of its own') });
});

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { Shell, walkOf } from '../support/readme-walk.js';

const WALK_LIMIT_MS = 420_000;
const [setUp, ...steps] = walkOf('A walk for an auditor', 'docs/compliance.md');

let directory: string;
let gatehouse: TestGatehouse;
let shell: Shell;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-compliance-'));
  const policy = join(directory, 'trust.policy');
  await writeFile(policy, 'quorum none\n');
  const env = { GATEHOUSE_PROOF_POLICY_FILE: policy, GATEHOUSE_WITNESS_SECONDS: '1' };
  gatehouse = await startGatehouse({ background: true, env });
  const shared = { GATEHOUSE_URL: gatehouse.url, GATEHOUSE_TOKEN: gatehouse.administratorToken, TMPDIR: directory };
  shell = new Shell({ ...shared, ...env });
});
afterAll(async () => {
  shell?.close();
  await gatehouse?.close();
  await rm(directory, { recursive: true, force: true });
});

/** Names, numbers and times differ between runs; the words of the answer do not. */
function loosely(shown: unknown): unknown {
  if (Array.isArray(shown)) return shown.map(loosely);
  if (typeof shown === 'number') return expect.any(Number);
  if (typeof shown === 'string' && shown.endsWith('…')) return expect.any(String);
  if (typeof shown !== 'object' || shown === null) return shown;
  return expect.objectContaining(
    Object.fromEntries(Object.entries(shown).map(([name, value]) => [name, loosely(value)])),
  );
}

/** What is no answer is shown as it was printed. */
function parsed(printed: string): unknown {
  try {
    return JSON.parse(printed);
  } catch {
    return printed;
  }
}

it('begins with the address and the policy', () => {
  expect(setUp!.script).toContain('echo \'quorum none\' > "$GATEHOUSE_PROOF_POLICY_FILE"\nnpm start\n');
  expect(steps.filter(({ shown }) => shown !== undefined)).toHaveLength(17);
});

it(
  'works word for word, with the answers shown',
  async () => {
    for (const { script, shown } of steps) {
      const printed = await shell.run(script);
      if (shown === undefined) expect([script, printed]).toEqual([script, '']);
      else expect([script, parsed(printed)]).toEqual([script, loosely(shown)]);
    }
    const page = await shell.run('cat "$DIR/account.evidence.html"');
    expect(page).toContain('AccountDeactivated');
    expect(await readFile(join(directory, 'trust.policy'), 'utf8')).toContain('quorum anna');
  },
  WALK_LIMIT_MS,
);

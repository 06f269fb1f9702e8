import { parseArgs } from 'node:util';
import { prepare } from '../../apps/prepare.mjs';
import { runJest } from './jest.mjs';

/**
 * A command that runs some specs, with `--seed N` with other random examples. The last line counts as that of `npm test` does.
 * @param {string[]} args of Jest
 */
export async function runSeeded(args) {
  const { values } = parseArgs({ options: { seed: { type: 'string' } } });
  if (values.seed !== undefined && !/^\d+$/.test(values.seed)) {
    console.error('gatehouse: --seed is an integer');
    process.exit(2);
  }
  await prepare();
  const env = values.seed === undefined ? {} : { GATEHOUSE_TEST_SEED: values.seed };
  const { passed, failed, skipped } = await runJest(args, { env });
  for (const name of skipped) console.log(`skipped: ${name}`);
  console.log(`\n${passed} passed, ${failed} failed, ${skipped.length} skipped`);
  process.exitCode = failed === 0 ? 0 : 1;
}

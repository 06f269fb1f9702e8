#!/usr/bin/env node
/**
 * `npm run test:adversarial [-- --seed N]`: the attacks of test/adversarial, also the long ones, which `npm test` leaves out.
 * Another seed tries other random examples. The last line counts as that of `npm test` does.
 */
import { parseArgs } from 'node:util';
import { prepare } from '../../apps/prepare.mjs';
import { runJest } from '../jest/jest.mjs';

const { values } = parseArgs({ options: { seed: { type: 'string' } } });
if (values.seed !== undefined && !/^\d+$/.test(values.seed)) {
  console.error('gatehouse: --seed is an integer');
  process.exit(2);
}

await prepare();
const { passed, failed, skipped } = await runJest(
  ['--testPathIgnorePatterns=/node_modules/', '--testPathPatterns=test/adversarial/'],
  { env: values.seed === undefined ? {} : { GATEHOUSE_TEST_SEED: values.seed } },
);
for (const name of skipped) console.log(`skipped: ${name}`);
console.log(`\n${passed} passed, ${failed} failed, ${skipped.length} skipped`);
process.exitCode = failed === 0 ? 0 : 1;

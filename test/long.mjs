#!/usr/bin/env node
/**
 * `npm run test:long [-- --seed N]`: the files named `*.long.spec.ts`, which `npm test` leaves out, except those of
 * `npm run test:adversarial`. They end and start processes, fill disks, import whole data sets or try random histories
 * for long. Another seed tries other random examples.
 */
import { WITH_LONG } from './jest/jest.mjs';
import { runSeeded } from './jest/seeded.mjs';

await runSeeded(['--testPathPatterns=\\.long\\.spec\\.ts$', ...WITH_LONG, '<rootDir>/test/adversarial/']);

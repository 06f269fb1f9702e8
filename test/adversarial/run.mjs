#!/usr/bin/env node
/**
 * `npm run test:adversarial [-- --seed N]`: the attacks of test/adversarial, also the long ones, which `npm test` leaves out.
 * Another seed tries other random examples.
 */
import { WITH_LONG } from '../jest/jest.mjs';
import { runSeeded } from '../jest/seeded.mjs';

await runSeeded(['--testPathPatterns=test/adversarial/', ...WITH_LONG]);

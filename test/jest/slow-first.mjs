import { statSync } from 'node:fs';
import Sequencer from '@jest/test-sequencer';

/**
 * Specs under test/ start applications and processes and take longest. They run first, so that no worker is left with one
 * of them at the end. The order does not depend on earlier runs.
 */
export default class SlowFirst extends Sequencer {
  sort(tests) {
    const weighed = tests.map((test) => ({
      test,
      startsMuch: test.path.startsWith(`${test.context.config.rootDir}/test/`),
      bytes: statSync(test.path).size,
    }));
    weighed.sort((a, b) => b.startsMuch - a.startsMuch || b.bytes - a.bytes || (a.test.path < b.test.path ? -1 : 1));
    return weighed.map(({ test }) => test);
  }
}

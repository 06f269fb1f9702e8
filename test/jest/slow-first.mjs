import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Sequencer from '@jest/test-sequencer';

/** The files that take longest, from one run. */
const SLOWEST = [
  'test/e2e/crash.long.spec.ts',
  'test/e2e/import-through-queues.long.spec.ts',
  'test/e2e/rollout-cap.long.spec.ts',
  'test/e2e/demo-large.long.spec.ts',
  'test/e2e/another-log.long.spec.ts',
  'test/e2e/import-crash.long.spec.ts',
  'test/adversarial/data-directory.long.spec.ts',
  'test/e2e/import.long.spec.ts',
  'test/e2e/views.long.spec.ts',
  'test/e2e/stopping.long.spec.ts',
  'test/architecture/rules.spec.ts',
  'test/contract/hostile-bodies.spec.ts',
  'apps/simulation/earlier-days.spec.ts',
  'test/e2e/review.spec.ts',
  'test/e2e/reports-on-stores.spec.ts',
  'apps/cli/simulate/simulate-command.spec.ts',
  'test/e2e/calibration.spec.ts',
  'apps/simulation/run-simulation.spec.ts',
  'test/e2e/compliance.spec.ts',
  'test/e2e/appeal-invariants.long.spec.ts',
  'test/e2e/endpoints.spec.ts',
  'libs/review/queries/closed-cases.long.spec.ts',
  'test/e2e/restore.long.spec.ts',
  'libs/ingest/kafka/ingester-faults.long.spec.ts',
  'test/e2e/rollout.spec.ts',
  'test/e2e/concurrent-reviewers.long.spec.ts',
  'test/e2e/kafka.spec.ts',
  'libs/subscriptions/ownership.long.spec.ts',
  'libs/event-store/eventstoredb/eventstoredb-event-store.spec.ts',
  'libs/proof/verification/verify-log.spec.ts',
];

/**
 * Starts the slowest files first and then those under test/, which start applications and processes, so that no worker is
 * left with one of them at the end. The order does not depend on earlier runs.
 */
export default class SlowFirst extends Sequencer {
  sort(tests) {
    const rootDir = tests[0]?.context.config.rootDir ?? '.';
    const gone = SLOWEST.filter((file) => !existsSync(join(rootDir, file)));
    if (gone.length > 0) throw new Error(`test/jest/slow-first.mjs names files that are gone: ${gone.join(', ')}`);
    const weighed = tests.map((test) => {
      const place = SLOWEST.findIndex((file) => test.path === join(rootDir, file));
      return {
        test,
        place: place === -1 ? SLOWEST.length : place,
        startsMuch: test.path.startsWith(join(rootDir, 'test/')),
        bytes: statSync(test.path).size,
      };
    });
    weighed.sort(
      (a, b) =>
        a.place - b.place || b.startsMuch - a.startsMuch || b.bytes - a.bytes || (a.test.path < b.test.path ? -1 : 1),
    );
    return weighed.map(({ test }) => test);
  }
}

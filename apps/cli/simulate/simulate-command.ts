import { setImmediate } from 'node:timers/promises';
import { type CommandGroup, command, integer } from '../../../libs/cli/commands.js';
import { EXIT } from '../../../libs/cli/exit-codes.js';
import type { Session } from '../../../libs/cli/session.js';
import type { StatisticsReport } from '../../../libs/gate/trials/statistics-report.js';
import { InvalidInput } from '../../../libs/kernel/errors.js';
import { statisticsText } from './statistics-text.js';

interface SimulateOptions {
  statistics?: true;
  runs: number;
  seed: number;
}

export const simulateCommand: CommandGroup = (program, run) => {
  command(
    program,
    'simulate',
    'Measures how often the safety gate and other rules open, without a server. The same seed gives the same tables.',
    'simulate --statistics --runs 4000',
    'simulate --statistics --runs 4000 --seed 7 --json',
  )
    .option('--statistics', 'the error rates of the statistics; required, since there is no other simulation')
    .option('--runs <n>', 'simulated rollouts of each kind', integer(100, 1_000_000), 4_000)
    .option('--seed <n>', 'seed of the random numbers', integer(0, 4_294_967_295), 1)
    .action(
      run<SimulateOptions>(async (session, { statistics, runs, seed }) => {
        if (!statistics) {
          throw new InvalidInput([
            { field: '--statistics', message: 'is missing: add it, since there is no other simulation' },
          ]);
        }
        const report = await reportOf(session, runs, seed);
        session.print(report, () => statisticsText(report));
        return report.keepsPromise ? EXIT.done : EXIT.differs;
      }),
    );
};

async function reportOf({ progress, signal }: Session, runs: number, seed: number): Promise<StatisticsReport> {
  const { reportParts, statisticsReport } = await import('../../../libs/gate/trials/statistics-report.js');
  const parts = statisticsReport(runs, seed);
  progress.start('statistics', reportParts());
  for (let done = 0; ; done++) {
    progress.update(done);
    // Lets Ctrl-C through between two parts.
    await setImmediate();
    signal.throwIfAborted();
    const part = parts.next();
    if (part.done) return part.value;
  }
}

import type { Command } from 'commander';
import { type EventStore } from '../../../libs/event-store/event-store.js';
import { StoreUnavailable, Unavailable } from '../../../libs/kernel/errors.js';
import type { LogSummary } from '../../../libs/log-transfer/log-digest.js';
import { withExamples } from '../command-options.js';
import type { Runner, Session } from '../session.js';

/**
 * These open logs themselves, by the settings of the server or by address; no server has to run. What they need is loaded
 * when they are given: it would slow every other command.
 */
export function logCopyCommands(program: Command, run: Runner): void {
  const exporting = program
    .command('export-log <file>')
    .description('Write the whole log into a file, by itself: the server is stopped. Done again, it goes on.')
    .option(
      '--from <address>',
      'esdb://, kurrentdb:// or postgres:// address of the log; by default that of the settings',
    )
    .action(
      run<{ from?: string }>(async (session, { from }, file) => {
        const { exportLog } = await import('../../../libs/log-transfer/export-log.js');
        const write = (store: EventStore) => exportLog(store, file!, progressOf(session, 'exporting'));
        print(session, file!, await withLog(session, from, write));
        return undefined;
      }),
    );
  withExamples(exporting, 'export-log gatehouse.log.gz');

  const importing = program
    .command('import-log <file>')
    .description('Copy an exported log into an empty one and compare both. Done again, it goes on.')
    .option(
      '--to <address>',
      'esdb://, kurrentdb:// or postgres:// address of the log; by default that of the settings',
    )
    .action(
      run<{ to?: string }>(async (session, { to }, file) => {
        const { importLog } = await import('../../../libs/log-transfer/import-log.js');
        const read = (store: EventStore) => importLog(file!, store, progressOf(session, 'importing'));
        print(session, file!, await withLog(session, to, read));
        return undefined;
      }),
    );
  withExamples(importing, 'import-log gatehouse.log.gz --to "kurrentdb://admin:secret@127.0.0.1:2113"');
}

async function withLog<Result>(
  { signal }: Session,
  address: string | undefined,
  work: (log: EventStore) => Promise<Result>,
): Promise<Result> {
  const { openNamedLog } = await import('../../composition/named-log.js');
  const log = await openNamedLog(address, process.env, signal);
  try {
    return await work(log.store);
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    throw new Unavailable('store-unavailable', `${error.message}; the same command goes on where this one stopped`);
  } finally {
    await log.close();
  }
}

function progressOf({ progress, signal }: Session, label: string) {
  let started = false;
  return {
    signal,
    told(done: number, total: number) {
      if (!started) progress.start(label, total);
      started = true;
      progress.update(done);
    },
  };
}

const print = ({ print }: Session, file: string, summary: LogSummary) =>
  print({ file, ...summary }, () =>
    [`${summary.events} events in ${summary.streams} streams`, `sha256 ${summary.sha256}`].join('\n'),
  );

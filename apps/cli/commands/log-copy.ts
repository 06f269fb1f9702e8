import type { Command } from 'commander';
import { type EventStore } from '../../../libs/event-store/event-store.js';
import { StoreUnavailable, Unavailable } from '../../../libs/kernel/errors.js';
import type { LogSummary } from '../../../libs/log-transfer/log-digest.js';
import { withExamples } from '../command-options.js';
import type { Runner, Session } from '../session.js';

/**
 * These commands open the log directly, by the server's settings or by address, without a running server. They load their
 * modules when they run, because loading them would slow down every other command.
 */
export function logCopyCommands(program: Command, run: Runner): void {
  const exporting = program
    .command('export-log <file>')
    .description('Exports the whole log to a file. Stop the server first. Resumes if interrupted.')
    .option(
      '--from <address>',
      'address of the log, esdb://, kurrentdb:// or postgres://; by default from the settings',
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
    .description('Imports an exported log into an empty store and compares both. Resumes if interrupted.')
    .option('--to <address>', 'address of the log, esdb://, kurrentdb:// or postgres://; by default from the settings')
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
    throw new Unavailable('store-unavailable', `${error.message}; run the same command again to resume`);
  } finally {
    await log.close();
  }
}

function progressOf({ progress, signal }: Session, label: string) {
  let started = false;
  return {
    signal,
    onProgress(done: number, total: number) {
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

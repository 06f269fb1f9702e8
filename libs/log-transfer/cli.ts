import { type CommandGroup, command } from '../cli/commands.js';
import type { Session } from '../cli/session.js';
import type { EventStore } from '../event-store/event-store.js';
import { StoreUnavailable, Unavailable } from '../kernel/errors.js';
import type { LogSummary } from './log-digest.js';

export interface OpenedLog {
  store: EventStore;
  close(): Promise<void>;
}

export type LogPurpose = 'read' | 'write';

/**
 * @param address of a log; that of the server's settings by default
 * @param purpose to read needs an existing log; to write creates one
 */
export type OpenLog = (address: string | undefined, purpose: LogPurpose, signal: AbortSignal) => Promise<OpenedLog>;

/**
 * These commands open the log directly, without a running server. They load their modules when they run, because loading
 * them would slow down every other command.
 */
export const logTransferCommands =
  (openLog: OpenLog): CommandGroup =>
  (program, run) => {
    command(
      program,
      'export-log <file>',
      'Exports the whole log to a file. Stop the server first. Resumes if interrupted.',
      'export-log gatehouse.log.gz',
    )
      .option(
        '--from <address>',
        'address of the log, esdb://, kurrentdb:// or postgres://; by default from the settings',
      )
      .action(
        run<{ from?: string }>(async (session, { from }, file) => {
          const { exportLog } = await import('./export-log.js');
          const write = (store: EventStore) => exportLog(store, file!, progressOf(session, 'exporting'));
          print(session, file!, await withLog(() => openLog(from, 'read', session.signal), write));
        }),
      );

    command(
      program,
      'import-log <file>',
      'Imports an exported log into an empty store and compares both. Resumes if interrupted.',
      'import-log gatehouse.log.gz --to "kurrentdb://admin:secret@127.0.0.1:2113"',
    )
      .option(
        '--to <address>',
        'address of the log, esdb://, kurrentdb:// or postgres://; by default from the settings',
      )
      .action(
        run<{ to?: string }>(async (session, { to }, file) => {
          const { importLog } = await import('./import-log.js');
          const read = (store: EventStore) => importLog(file!, store, progressOf(session, 'importing'));
          print(session, file!, await withLog(() => openLog(to, 'write', session.signal), read));
        }),
      );
  };

async function withLog<Result>(
  open: () => Promise<OpenedLog>,
  work: (log: EventStore) => Promise<Result>,
): Promise<Result> {
  const log = await open();
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

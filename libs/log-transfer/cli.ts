import { type CommandGroup, command } from '../cli/commands.js';
import { line, lines, paragraphs, type Shown } from '../cli/rendering/plain-text.js';
import { table } from '../cli/rendering/table.js';
import type { Session } from '../cli/session.js';
import type { EventStore } from '../event-store/event-store.js';
import { StoreUnavailable, Unavailable } from '../kernel/errors.js';
import type { AdoptedLog } from '../projections/adopt-log.js';
import type { CopyProgress } from './export-log.js';
import type { LogSummary } from './log-digest.js';

const SHOWN_KEYS = 5;

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

/** @returns the new epoch of the log of the settings */
export type RenewEpoch = (signal: AbortSignal) => Promise<string>;
/** Continues with the log of the settings, although the database was derived from another one. */
export type AdoptLog = (progress: CopyProgress) => Promise<AdoptedLog>;

/**
 * These commands open the log directly, without a running server. They load their modules when they run, because loading
 * them would slow down every other command.
 */
export const logTransferCommands =
  (openLog: OpenLog, renewEpoch: RenewEpoch, adoptLog: AdoptLog): CommandGroup =>
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
          const onAnew = (draft: string) => session.remark(beginsAnew(draft));
          const write = (store: EventStore) => exportLog(store, file!, { ...progressOf(session, 'exporting'), onAnew });
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
          const { checkLogFile } = await import('./log-file.js');
          await checkLogFile(file!); // before a database is created
          const read = (store: EventStore) => importLog(file!, store, progressOf(session, 'importing'));
          print(session, file!, await withLog(() => openLog(to, 'write', session.signal), read));
        }),
      );

    command(
      program,
      'renew-log-epoch',
      'Makes earlier positions invalid for every reader. Part of a restore from a backup. Uses the settings of the server; stop it first.',
      'renew-log-epoch',
    ).action(
      run(async ({ print, signal }) => {
        const epoch = await renewEpoch(signal);
        print({ epoch }, () => line`the log has a new epoch, ${epoch}: positions of earlier ones are refused`);
      }),
    );

    command(
      program,
      'adopt-log',
      'Continues with a log that is older than the database, or another one. Lists what the log lacks. Changes nothing if the log is the one of this database. Uses the settings of the server. Stop every process first.',
      'adopt-log',
      'adopt-log --json > missing.json',
    ).action(
      run(async (session) => {
        const adopted = await adoptLog(progressOf(session, 'replaying'));
        session.print(adopted, () => adoptedText(adopted));
      }),
    );
  };

function adoptedText({ adopted, head, consumers, views }: AdoptedLog): Shown {
  if (!adopted)
    return line`the log ends at ${head} and is the one that the database was derived from: there is nothing to adopt`;
  const moved = table(
    ['consumer', 'position before', 'position now', ''],
    consumers.map(({ consumer, before, after, known }) => [
      consumer,
      before,
      after,
      known ? null : 'the log has no event that it has processed: it starts from the first event',
    ]),
    'no consumer had started',
  );
  const lacking = table(
    ['view', 'keys missing', 'keys changed', 'for example'],
    views.map(({ view, missing, changed }) => [
      view,
      missing.rows,
      changed.rows,
      [...missing.keys, ...changed.keys].slice(0, SHOWN_KEYS).join(', '),
    ]),
    'no view was live',
  );
  return paragraphs([
    line`the log ends at ${head}`,
    moved,
    lacking,
    line`with --json up to 1,000 keys of each view are listed`,
  ]);
}

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

/** Drafts of an earlier release are open to others; such drafts are never resumed. */
const beginsAnew = (draft: string): Shown =>
  line`the interrupted export can't be resumed and begins anew: ${draft} is missing, a link, of another user, or open to others (as of an earlier release)`;

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
    lines([line`${summary.events} events in ${summary.streams} streams`, line`sha256 ${summary.sha256}`]),
  );

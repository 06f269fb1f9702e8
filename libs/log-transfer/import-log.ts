import { setTimeout as sleep } from 'node:timers/promises';
import { type EventStore, WriteTooLarge } from '../event-store/event-store.js';
import type { NewEvent, RecordedEvent } from '../kernel/envelope.js';
import { StoreUnavailable } from '../kernel/errors.js';
import type { CopyProgress } from './export-log.js';
import { isSame, LogDigest, type LogSummary, LogsDiffer, lineOf } from './log-digest.js';
import { checkLogFile, eventsOf, type LoggedEvent } from './log-file.js';

const PAGE = 2_000;
/** Maximum consecutive events of one stream per append. */
const MAX_RUN = 500;
const MAX_RUN_CHARACTERS = 4_000_000;
const ATTEMPTS = 10;
const RETRY_MS = 1_000;
const SHOWN_STREAMS = 5;

/**
 * Copies the log of a file into an empty log, keeping order and revisions, and then compares both. Resumes if an earlier
 * call was interrupted: the events stored already must be the start of the same log. Nothing else may write to it.
 * @throws InvalidInput if the file is incomplete or damaged, before anything is written
 * @throws LogsDiffer if the log holds other events, or differs from the file in the end
 */
export async function importLog(
  path: string,
  store: EventStore,
  { signal, onProgress }: CopyProgress = {},
): Promise<LogSummary> {
  const wanted = await checkLogFile(path);
  const { events: total } = wanted.summary();
  const stored = eventsIn(store);
  let run: { text: string; event: LoggedEvent }[] = [];
  let characters = 0;
  let done = 0;
  const flush = async () => {
    if (run.length > 0)
      await append(
        store,
        run.map(({ event }) => event),
      );
    done += run.length;
    onProgress?.(done, total);
    run = [];
    characters = 0;
  };

  for await (const one of eventsOf(path)) {
    signal?.throwIfAborted();
    const { value } = await stored.next();
    if (value) {
      if (lineOf(value) !== one.text) throw new LogsDiffer(describeDifference(one.event, value));
      done++;
      continue;
    }
    const last = run.at(-1)?.event;
    if (last && (last.stream !== one.event.stream || run.length === MAX_RUN || characters > MAX_RUN_CHARACTERS))
      await flush();
    run.push(one);
    characters += one.text.length;
  }
  await flush();
  return compare(wanted, store);
}

/** Splits the write in halves if the store refuses its size. */
async function append(store: EventStore, run: readonly LoggedEvent[]): Promise<void> {
  const { stream, revision } = run[0]!;
  const write = {
    stream,
    expected: revision === 0 ? ('no-stream' as const) : revision - 1,
    events: run.map(toNewEvent),
  };
  for (let attempt = 1; ; attempt++) {
    try {
      const [result] = await store.append([write]);
      if (result!.outcome === 'appended' || result!.outcome === 'already-appended') return;
      throw new LogsDiffer(
        `revision ${revision} of ${stream} can't be appended (${result!.outcome}): import into an empty log`,
      );
    } catch (error) {
      if (error instanceof WriteTooLarge && run.length > 1) {
        const half = run.length >> 1;
        await append(store, run.slice(0, half));
        return append(store, run.slice(half));
      }
      if (!(error instanceof StoreUnavailable) || attempt === ATTEMPTS) throw error;
      await sleep(RETRY_MS);
    }
  }
}

const toNewEvent = ({ id, type, data, metadata, recordedAt }: LoggedEvent): NewEvent => ({
  id,
  type,
  data,
  metadata: { ...metadata, recordedat: recordedAt },
});

async function compare(wanted: LogDigest, store: EventStore): Promise<LogSummary> {
  const found = new LogDigest();
  for await (const event of eventsIn(store)) found.add(lineOf(event), event);
  const summary = found.summary();
  if (isSame(summary, wanted.summary())) return summary;
  const streams = wanted.streamsThatDiffer(found);
  const shown = streams
    .slice(0, SHOWN_STREAMS)
    .map(({ stream, here, there }) => `${stream} has ${there} events instead of ${here}`);
  throw new LogsDiffer(
    `the log differs from the file: ${shown.join(', ') || 'the same streams, with other events or in another order'}; import into an empty log`,
  );
}

async function* eventsIn(store: EventStore): AsyncGenerator<RecordedEvent, undefined> {
  for (let after = 0, atHead = false; !atHead; ) {
    const page = await store.readAll(after, { limit: PAGE });
    yield* page.events;
    ({ next: after, atHead } = page);
  }
  return undefined;
}

const describeDifference = (wanted: LoggedEvent, found: RecordedEvent) =>
  `the log holds ${found.type} ${found.id} as ${found.stream} ${found.revision}, but the file has ${wanted.type} ` +
  `${wanted.id} as ${wanted.stream} ${wanted.revision}: import into an empty log`;

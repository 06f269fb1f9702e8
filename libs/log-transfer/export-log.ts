import type { EventStore } from '../event-store/event-store.js';
import type { LogSummary } from './log-digest.js';
import { LogFileWriter } from './log-file.js';

const PAGE = 2_000;

export interface CopyProgress {
  signal?: AbortSignal;
  /** Called with events copied and their total; an export counts positions instead. */
  onProgress?(done: number, total: number): void;
}

export interface ExportProgress extends CopyProgress {
  /** Called if an interrupted export begins anew, with the draft that it could not use. */
  onAnew?(draft: string): void;
}

/**
 * Writes a log, up to its current head, to a file. Resumes if an earlier call was interrupted.
 * @throws InvalidInput if the file exists
 */
export async function exportLog(
  store: EventStore,
  path: string,
  { signal, onProgress, onAnew }: ExportProgress = {},
): Promise<LogSummary> {
  const head = await store.head();
  const file = await LogFileWriter.open(path, onAnew);
  try {
    while (file.next < head) {
      signal?.throwIfAborted();
      const page = await store.readAll(file.next, { limit: PAGE });
      await file.append(
        page.events.filter(({ position }) => position <= head),
        page.next,
      );
      onProgress?.(Math.min(page.next, head), head);
    }
  } catch (error) {
    await file.close();
    throw error;
  }
  return file.finish();
}

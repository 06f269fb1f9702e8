import type { Session } from '../../../libs/cli/session.js';
import type { OutgoingEvent } from '../../../libs/ingest/cli/cloud-event.js';
import { inBatches, type Sent, sendEvents, unordered } from '../../../libs/ingest/cli/event-sender.js';
import type { EventResultAnswer } from '../../../libs/ingest/event-result.js';
import { passed, settled } from '../../../libs/operations/cli.js';
import { safetyMetrics } from '../../../libs/safety/cli.js';
import type { SafetyAnswer } from '../../../libs/safety/index.js';
import type { FlagRow, PromptRow, ReviewRow } from './data-files.js';
import { flagEvents, flagImages, joinEvents, promptImages, verdictEvents } from './mapping.js';
import { type Judged, judgeThroughQueues } from './through-queues/judge-through-queues.js';

const CASE_OPENING = 'reactor:case-opening';

export interface ImportData {
  prompts: readonly PromptRow[];
  flags: readonly FlagRow[];
  reviews: readonly ReviewRow[];
}

export interface ImportReport {
  phases: { phase: string; accepted: number; duplicate: number; quarantined: number }[];
  quarantined: EventResultAnswer[];
  /** With --through-queues. */
  judged?: Judged;
  metrics: SafetyAnswer;
}

export interface HowToJudge {
  /** Play the reviewers instead of importing what panels outside decided. */
  throughQueues?: boolean;
  /** How many times as fast as in the file they answer; undefined for at once. */
  pace?: number;
}

/** Sends joins, images, flags and verdicts through the public API. */
export async function runImport(
  session: Session,
  { prompts, flags, reviews }: ImportData,
  { throughQueues = false, pace }: HowToJudge = {},
): Promise<ImportReport> {
  const { client, progress } = session;
  const phases: ImportReport['phases'] = [];
  const quarantined: EventResultAnswer[] = [];

  const send = async (phase: string, batches: OutgoingEvent[][]): Promise<Sent> => {
    const total = batches.reduce((sum, batch) => sum + batch.length, 0);
    progress.start(phase, total);
    const sent = await sendEvents(client, batches, (done) => progress.update(done));
    phases.push({ phase, accepted: sent.accepted, duplicate: sent.duplicate, quarantined: sent.quarantined.length });
    quarantined.push(...sent.quarantined);
    return sent;
  };

  const joins = joinEvents(prompts, flags);
  await send('joins', unordered(joins));
  await send('images', unordered([...promptImages(prompts), ...flagImages(flags)]));
  if (flags.length > 0) {
    const { position } = await send('flags', unordered(flagEvents(flags)));
    // A verdict on a case that is not open yet would be quarantined.
    progress.start('opening cases', position);
    await passed(client, position, { name: CASE_OPENING, onProgress: (slowest) => progress.update(slowest) });
  }
  let judged: Judged | undefined;
  if (throughQueues) {
    await settled(client, progress);
    judged = await judgeThroughQueues(session, flags, reviews, pace);
  } else if (reviews.length > 0) await send('verdicts', inBatches(verdictEvents(flags, reviews)));
  await settled(client, progress);
  progress.end();
  return { phases, quarantined, ...(judged && { judged }), metrics: await safetyMetrics(client) };
}

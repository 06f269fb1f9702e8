import type { OwnEventIds } from '../../event-store/event-identity.js';
import type { Load, Transactor } from '../../event-store/transact.js';
import type { RecordedOf } from '../../events/event-definition.js';
import type { Clock } from '../../kernel/clock.js';
import { causedBy } from '../../kernel/command-context.js';
import { NotFound, Refusal } from '../../kernel/errors.js';
import { inOrder } from '../../kernel/in-order.js';
import type { ViewReader } from '../../projections/view-reader.js';
import { type Consumer, defineConsumer } from '../../subscriptions/consumer.js';
import type { AppealHearings } from '../appeal-hearings.js';
import { handleInBulk } from '../bulk-decisions.js';
import { BulkJobStarted } from '../bulk-events.js';
import { advanceBulkJob, type BulkProgress, bulkJobStream, endBulkJob } from '../bulk-job.js';
import { undoInBulk } from '../bulk-undoing.js';
import { type Case, caseStream } from '../case.js';
import type { CaseFactsReader } from '../features/case-facts.js';
import type { BulkCases } from '../queries/bulk-cases.js';
import type { MatchingCases } from '../queries/matching-cases.js';
import { bulkCasesView } from '../views/bulk-cases.js';
import { casesView } from '../views/cases.js';

const BULK_WORK = 'bulk-work';
const PAGE = 100;
const CONCURRENCY = 4;

export interface BulkWorkPorts {
  transactor: Transactor;
  facts: CaseFactsReader;
  cases: MatchingCases;
  changed: BulkCases;
  appeals: Pick<AppealHearings, 'statusOf'>;
  reader: ViewReader;
  ownEventIds: OwnEventIds;
  clock: Clock;
  waitMs: number;
}

/**
 * Does bulk jobs, each page by page. After an interruption it resumes behind the last page that it has processed; a case of
 * the next page that it has handled before is known by the id of its event, however the case has changed since.
 */
export function bulkWork(ports: BulkWorkPorts): Consumer {
  const { transactor, cases, changed, reader, waitMs } = ports;
  return defineConsumer({
    name: BULK_WORK,
    events: [BulkJobStarted],
    key: ({ data }) => data.jobId,
    async react(event) {
      const { jobId, filter, matched, compensates } = event.data;
      await reader.reached(compensates === undefined ? casesView : bulkCasesView, event.position, waitMs);
      const context = causedBy(event, BULK_WORK);
      const at = Date.parse(event.metadata.time);
      for (;;) {
        const { state } = await transactor.load(bulkJobStream, jobId);
        // Never more than the lead was answered: the view may have been behind.
        const limit = state.status === 'running' ? Math.min(PAGE, matched - state.handled) : 0;
        const next = (most: number) =>
          compensates === undefined
            ? cases.page(filter, at, state.through, most)
            : changed.page(compensates, state.through, most);
        const page = limit > 0 ? await next(limit) : [];
        if (page.length === 0) break;
        const skipped = await handled(ports, event, page);
        const through = page.at(-1)!;
        const counts = { handled: state.handled + page.length, refused: state.refused + skipped.length };
        await transactor.transact(bulkJobStream, jobId, context, (now) =>
          advanceBulkJob(now, { jobId, through, ...counts, ...(skipped.length > 0 && { skipped }) }),
        );
      }
      await transactor.transact(bulkJobStream, jobId, context, (now: BulkProgress) => endBulkJob(now, jobId));
    },
  });
}

interface Skipped {
  caseId: string;
  /** The code of its refusal. */
  because: string;
}

/** @returns those of the cases that refused, by their ids */
async function handled(
  { transactor, facts, appeals, ownEventIds, clock }: BulkWorkPorts,
  event: RecordedOf<typeof BulkJobStarted>,
  page: readonly string[],
): Promise<Skipped[]> {
  const { actor } = event.metadata;
  const { action, compensates, reason } = event.data;
  const by = actor.id;
  const startedAt = Date.parse(event.metadata.time);
  const job = { by, job: event.data, startedAt, position: event.position };
  const skipped: Skipped[] = [];
  await inOrder(
    page,
    (caseId) => [caseId],
    CONCURRENCY,
    async (caseId) => {
      // The lead decided it; the cause says in which job.
      const context = { ...ownEventIds.once(event, BULK_WORK, `bulk ${caseId}`), actor };
      try {
        await transactor.transact(
          caseStream,
          caseId,
          context,
          (state, read) =>
            compensates === undefined
              ? handleInBulk(state, { ...job, caseId, now: clock.now() }, read)
              : undoInBulk(state, { caseId, by, jobId: compensates, reason }, read),
          async (load: Load<Case>) => {
            const isDeciding = action === 'dismiss' || action === 'confirm';
            const read = await facts.readToRoute(caseId, [by], { isDeciding, load });
            const appeal = compensates === undefined ? 'none' : await appeals.statusOf(caseId);
            return { ...read, appeal };
          },
        );
      } catch (error) {
        if (!(error instanceof Refusal || error instanceof NotFound)) throw error;
        skipped.push({ caseId, because: error.code });
      }
    },
  );
  return skipped.sort((one, other) => (one.caseId < other.caseId ? -1 : 1));
}

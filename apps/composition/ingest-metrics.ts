import type { Ingest } from '../../libs/ingest/ingest.js';
import type { Quarantine } from '../../libs/ingest/quarantine.js';
import type { Metrics } from '../../libs/platform/metrics/metrics.js';

/** Counts what the process leaves out of the events that it ingests, and what it can't keep of those that it rejects. */
export function countIngest(ingest: Ingest, quarantine: Quarantine, metrics: Metrics): void {
  const leftOut = metrics.counter(
    'ingest_unknown_members_total',
    'Members of the data of incoming events that were left out because the schema of their type does not know them',
    ['type'],
  );
  const notKept = metrics.counter(
    'quarantine_not_kept_total',
    'Rejected events that quarantine did not keep, because its budget is used up or its key is damaged',
    ['cause'],
  );
  ingest.report = { leftOut: (type, members) => leftOut.inc({ type }, members) };
  quarantine.report = { notKept: (cause) => notKept.inc({ cause }) };
}

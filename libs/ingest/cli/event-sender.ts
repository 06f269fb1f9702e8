import pMap from 'p-map';
import type { ApiClient } from '../../cli/api-client.js';
import type { EventResultAnswer } from '../event-result.js';
import type { EventResultsAnswer } from '../http/ingest.controller.js';
import type { OutgoingEvent } from './cloud-event.js';

export interface Sent {
  accepted: number;
  duplicate: number;
  /** In quarantine, or refused without being kept. */
  quarantined: EventResultAnswer[];
  /** The highest position of the stored events; 0 if none is stored. */
  position: number;
}

const BATCH = 500;
/** Below the backend's limit of 1 MiB, with room for what a proxy adds. */
const BATCH_BYTES = 900 * 1024;
const IN_FLIGHT = 3;
const MEDIA_TYPE = 'application/cloudevents-batch+json';

/**
 * Packs events into batches of at most 500 events and 900 KiB, unless a single group is larger. The events of a group stay
 * together, in order.
 */
export function inBatches(groups: Iterable<readonly OutgoingEvent[]>): OutgoingEvent[][] {
  const batches: OutgoingEvent[][] = [];
  let batch: OutgoingEvent[] = [];
  let bytes = 0;
  for (const group of groups) {
    const more = Buffer.byteLength(JSON.stringify(group));
    if (batch.length > 0 && (batch.length + group.length > BATCH || bytes + more > BATCH_BYTES)) {
      batches.push(batch);
      batch = [];
      bytes = 0;
    }
    batch.push(...group);
    bytes += more;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}

/** Batches of events whose order doesn't matter. */
export const unordered = (events: readonly OutgoingEvent[]): OutgoingEvent[][] => inBatches(events.map((one) => [one]));

/** Sends batches, a few at a time. A batch whose response was lost is sent again, which changes nothing. */
export async function sendEvents(
  client: ApiClient,
  batches: readonly OutgoingEvent[][],
  onProgress: (sent: number) => void = () => {},
): Promise<Sent> {
  const sum: Sent = { accepted: 0, duplicate: 0, quarantined: [], position: 0 };
  const send = async (batch: readonly OutgoingEvent[]) => {
    const options = { repeatable: true, headers: { 'content-type': MEDIA_TYPE } };
    const { results } = await client.post<EventResultsAnswer>('/v1/events', batch, options);
    for (const result of results) {
      if (result.outcome === 'quarantined' || result.outcome === 'refused') sum.quarantined.push(result);
      else sum[result.outcome]++;
      sum.position = Math.max(sum.position, Number(result.position ?? 0));
    }
    onProgress(sum.accepted + sum.duplicate + sum.quarantined.length);
  };
  await pMap(batches, send, { concurrency: IN_FLIGHT });
  return sum;
}

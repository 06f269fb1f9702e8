import type { EventStore } from '../../event-store/event-store.js';
import { isOf, type RecordedOf } from '../../events/event-definition.js';
import { ContentFlagged } from '../../images/index.js';
import { causedBy } from '../../kernel/command-context.js';
import { inOrder } from '../../kernel/in-order.js';
import type { ViewReader } from '../../projections/view-reader.js';
import { type Consumer, defineConsumer } from '../../subscriptions/consumer.js';
import type { FlagFiling } from '../features/flag-processing.js';
import { IsolatedFlagsReplayed } from '../isolation-events.js';
import type { IsolatedFlags } from '../queries/isolated-flags.js';
import { flagsView } from '../views/flags.js';
import { isolationsView } from '../views/isolations.js';

const FLAG_REPLAY = 'flag-replay';
const PAGE = 500;
const CONCURRENCY = 8;

export interface FlagReplayPorts {
  store: EventStore;
  flags: IsolatedFlags;
  reader: ViewReader;
  /** Puts a flag into its case, also if its flagger is isolated. */
  file: FlagFiling;
  waitMs: number;
}

/** Puts flags that were kept apart into their cases. A repeat after an interruption changes nothing that is done. */
export const flagReplay = ({ store, flags, reader, file, waitMs }: FlagReplayPorts): Consumer =>
  defineConsumer({
    name: FLAG_REPLAY,
    events: [IsolatedFlagsReplayed],
    key: ({ data }) => data.flaggedBy,
    async react(event) {
      const { flaggedBy, after: before, through } = event.data;
      // No later flag is meant, whatever a broken event says.
      await reader.reached(flagsView, Math.min(through, event.position), waitMs);
      await reader.reached(isolationsView, event.position, waitMs);
      const context = causedBy(event, FLAG_REPLAY);
      for (let after = before; ; ) {
        const page = await flags.of(flaggedBy, after, through, PAGE);
        await inOrder(
          page,
          ({ imageId }) => [imageId],
          CONCURRENCY,
          async ({ position }) => {
            const flag = await flagAt(store, position);
            // A decision before the replay was made without it.
            if (flag) await file({ ...flag, position: event.position }, context);
          },
        );
        if (page.length < PAGE) return;
        after = page.at(-1)!.position;
      }
    },
  });

/** @returns undefined if the event can't be used: the consumer of flags has parked its image */
async function flagAt(store: EventStore, position: number): Promise<RecordedOf<typeof ContentFlagged> | undefined> {
  const [event] = (await store.readAll(position, { including: true, limit: 1 })).events;
  return event?.position === position && isOf(ContentFlagged, event) ? event : undefined;
}

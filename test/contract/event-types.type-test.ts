import { type AccountEvent, type AccountStanding, AccountSuspended, accountEvents } from '../../libs/account/index.js';
import { defineEvent, except, isOf } from '../../libs/events/event-definition.js';
import { eventData, Name } from '../../libs/events/schemas.js';
import { ContentFlagged, ImageGenerated, ImageShared } from '../../libs/images/index.js';
import { defineInbound } from '../../libs/ingest/ingest.js';
import type { StreamKind } from '../../libs/kernel/decider.js';
import { belongsTo, unhandled } from '../../libs/kernel/decider.js';
import type { RecordedEvent } from '../../libs/kernel/envelope.js';
import { defineView } from '../../libs/projections/view.js';
import { CohortAdmitted } from '../../libs/rollout/index.js';
import { defineConsumer } from '../../libs/subscriptions/consumer.js';

/*
 * Not run: the compiler is the test. Each line under an @ts-expect-error must not compile, and tsc reports the directive
 * itself as soon as one does.
 */

interface Row {
  id: string;
  at: number;
}

const table = { name: 'rows', key: 'id', columns: { id: { type: 'text' }, at: { type: 'int8' } } } as const;

export const view = defineView({
  name: 'type-test',
  version: 1,
  summary: '',
  events: [CohortAdmitted, ContentFlagged],
  table,
  keys(event) {
    // @ts-expect-error a field that none of the events has
    if (event.data.cohrtId) return [];
    // @ts-expect-error a field of one of the events only
    if (event.data.cohortId) return [];
    if (event.type === 'CohortAdmitted') return [event.data.cohortId];
    if (event.type === 'ContentFlagged') return [event.data.imageId];
    return [];
  },
  evolve(row: Row | undefined, event, id) {
    switch (event.type) {
      case 'CohortAdmitted':
        // @ts-expect-error a misspelt field of a narrowed event
        return { id: event.data.cohrtId, at: 0 };
      case 'ContentFlagged':
        // @ts-expect-error a field of the other event
        return { id, at: event.data.size };
      // @ts-expect-error a misspelt type
      case 'ContentFlaged':
        return row;
      default:
        return unhandled(event);
    }
  },
});

export const filtering = defineView({
  name: 'type-test',
  version: 1,
  summary: '',
  events: [CohortAdmitted, ContentFlagged],
  table,
  keys: ({ type }) => [type],
  evolve(row: Row | undefined, { type }) {
    // @ts-expect-error a type that the view does not read
    if (type !== 'ContentFlaged') return row;
    return undefined;
  },
});

export const undecided = defineView({
  name: 'type-test',
  version: 1,
  summary: '',
  events: [ImageGenerated, ImageShared],
  table,
  keys: ({ data }) => [data.imageId],
  evolve(row: Row | undefined, event, id) {
    if (event.type === 'ImageGenerated') return { id, at: event.position };
    // @ts-expect-error nothing says what ImageShared changes
    return row ?? unhandled(event);
  },
});

export const consumer = defineConsumer({
  name: 'type-test',
  events: [AccountSuspended],
  // @ts-expect-error a misspelt field
  key: ({ data }) => data.acountId,
  async react(event) {
    // @ts-expect-error the consumer gets no other event
    if (event.type === 'AccountSuspnded') return;
    // @ts-expect-error a reason is a string
    event.data.reason satisfies number;
  },
});

export const inbound = defineInbound({
  event: ContentFlagged,
  // @ts-expect-error a misspelt field
  key: ({ imgeId }) => imgeId,
  handle: async () => ({ changed: false, position: 0 }),
});

export const misspelt: StreamKind<AccountStanding, AccountEvent> = {
  category: 'account',
  // @ts-expect-error not an event of the stream
  events: [{ type: 'AccountSuspnded' }],
  initial: { status: 'unknown', deactivated: false },
  evolve(state, event) {
    // @ts-expect-error a misspelt type
    if (event.type === 'AccountSuspnded') return state;
    // @ts-expect-error a field of one of the events only
    return event.data.until ? state : state;
  },
};

/** The former `StreamKind<AccountStanding, …>`, before the stream had one more event. */
export const unfinished: StreamKind<AccountStanding, AccountEvent> = {
  category: 'account',
  events: accountEvents,
  initial: { status: 'unknown', deactivated: false },
  // @ts-expect-error only one of the stream's events has a case
  evolve(state, event): AccountStanding {
    switch (event.type) {
      case 'WaitlistJoined':
        return { ...state, status: 'waiting' };
    }
  },
};

export function read(event: RecordedEvent, kind: StreamKind<AccountStanding, AccountEvent>): void {
  // @ts-expect-error data of an unknown type is no string before its type was checked
  event.data.accountId satisfies string;
  if (belongsTo(kind, event)) {
    event.data.accountId satisfies string;
    // @ts-expect-error no event of the stream has the field
    event.data.cohrtId;
  }
  if (isOf(ContentFlagged, event)) {
    event.data.imageId satisfies string;
    // @ts-expect-error not a field of the event
    event.data.cohortId;
  }
}

const withoutSuspension = except(accountEvents, [AccountSuspended]);
// @ts-expect-error it was left out
export const leftOut: (typeof withoutSuspension)[number]['type'] = 'AccountSuspended';
// @ts-expect-error not an event of the list
export const notThere = except(accountEvents, [ContentFlagged]);

export const definition = defineEvent({
  type: 'TypeTested',
  version: 1,
  summary: '',
  schema: eventData({ name: Name('A name.') }),
  // @ts-expect-error the example has the fields of the schema
  example: { nmae: 'x' },
  // @ts-expect-error personal fields are fields of the schema
  personal: { person: 'nmae', fields: ['name'] },
});

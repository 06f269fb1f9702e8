import {
  AccountDeactivated,
  AccountOnboarded,
  accountStandingView,
  accountStream,
  consequencesOf,
  WaitlistJoined,
} from '../../account/index.js';
import { toIso } from '../../kernel/clock.js';
import { foldRecorded } from '../../kernel/decider.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import type { Dataset, Range, Row } from './dataset.js';
import type { StreamPages } from './stream-pages.js';

export const accountsDataset = (streams: StreamPages): Dataset => ({
  summary: 'Each account whose first event is in the range, as it was at its end, by id. Without addresses.',
  columns: [
    { name: 'accountId', type: 'text', meaning: 'The account.' },
    { name: 'status', type: 'text', meaning: 'unknown, waiting, left or onboarded.' },
    { name: 'joinedAt', type: 'time', meaning: 'When it last joined the waitlist.' },
    { name: 'onboardedAt', type: 'time', meaning: 'When it was onboarded.' },
    { name: 'cohortId', type: 'text', meaning: 'The cohort it was onboarded with.' },
    { name: 'policyVersion', type: 'text', meaning: 'The version of the content policy that it accepted last.' },
    { name: 'isDeactivated', type: 'flag', meaning: 'Whether it is deactivated, for any cause.' },
    { name: 'deactivatedAt', type: 'time', meaning: 'When it was last deactivated; null if it is not.' },
    { name: 'suspendedUntil', type: 'time', meaning: 'The end of its last suspension, which may be over.' },
    { name: 'consequences', type: 'json', meaning: 'What is in force against it, by cause: strikes, restrictions, …' },
    { name: 'events', type: 'integer', meaning: 'The events of its stream.' },
    { name: 'position', type: 'integer', meaning: 'The position of the last of them.' },
  ],
  page: (range, place, limit) =>
    streams.page(
      {
        ...{ view: accountStandingView, key: 'account_id', category: accountStream.category },
        rowOf: (id, events) => accountRow(range, id, events),
      },
      range,
      place,
      limit,
    ),
});

function accountRow({ after }: Range, accountId: string, events: readonly RecordedEvent[]): Row | undefined {
  const [first] = events;
  if (!first || first.position <= after) return undefined;
  const state = foldRecorded(accountStream, events);
  const lastTime = (type: string) => events.findLast((event) => event.type === type)?.metadata.time ?? null;
  return {
    ...{ accountId, status: state.status, joinedAt: lastTime(WaitlistJoined.type) },
    ...{ onboardedAt: lastTime(AccountOnboarded.type), cohortId: state.cohortId ?? null },
    ...{ policyVersion: state.policyVersion ?? null, isDeactivated: state.deactivated },
    deactivatedAt: state.deactivated ? lastTime(AccountDeactivated.type) : null,
    suspendedUntil: state.suspendedUntil === undefined ? null : toIso(state.suspendedUntil),
    consequences: consequencesOf(state),
    ...{ events: events.length, position: events.at(-1)!.position },
  };
}

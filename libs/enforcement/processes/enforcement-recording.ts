import {
  AccountDeactivated,
  AccountRestricted,
  AccountSuspended,
  DeactivationCauseAdded,
} from '../../account/index.js';
import { type Transactor } from '../../event-store/transact.js';
import { causedBy, OWN_SOURCE } from '../../kernel/command-context.js';
import { type Consumer, defineConsumer } from '../../subscriptions/consumer.js';
import { enforcementStream, type Order, recordEnforcement } from '../enforcement.js';
import { forTargets } from '../queries/order-additions.js';

const NAME = 'enforcement-recording';

/** A decision by hand, or of another system, has an enforcement of its own, so that it has a receipt as every other. */
export function enforcementRecording(transactor: Transactor): Consumer {
  return defineConsumer({
    name: NAME,
    events: [AccountDeactivated, DeactivationCauseAdded, AccountSuspended, AccountRestricted],
    key: ({ data }) => data.enforcementId ?? data.accountId,
    async react(event) {
      const { accountId, enforcementId } = event.data;
      if (enforcementId === undefined) return;
      const { source, actor } = event.metadata;
      const isOurs = source === OWN_SOURCE;
      const decided: Order = {
        accountId,
        enforcementId,
        ...measureOf(event),
        decidedAt: event.recordedAt,
        statement: {
          ground: isOurs ? 'decision-by-hand' : 'other-system',
          decidedBy: isOurs && actor.kind === 'user' ? 'operator' : 'other-system',
          reason: event.data.reason,
          isMeasureAutomated: false,
        },
      };
      const order = { ...decided, ...(await forTargets(transactor, decided)) };
      await transactor.transact(enforcementStream, enforcementId, causedBy(event, NAME), (state) =>
        recordEnforcement(state, order),
      );
    },
  });
}

type Event = Parameters<Parameters<typeof defineConsumer<Definitions>>[0]['react']>[0];
type Definitions =
  | typeof AccountDeactivated
  | typeof DeactivationCauseAdded
  | typeof AccountSuspended
  | typeof AccountRestricted;

function measureOf({ type, data }: Event): Pick<Order, 'measure' | 'action' | 'until' | 'categories'> {
  switch (type) {
    case 'AccountSuspended':
      return { measure: 'suspend', until: data.until, categories: [] };
    case 'AccountRestricted':
      return { measure: 'restrict', action: data.action, until: data.until, categories: [] };
    default:
      return { measure: 'deactivate', categories: data.categories };
  }
}

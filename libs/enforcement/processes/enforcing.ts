import { accountStream, imposeMeasures } from '../../account/index.js';
import type { OwnEventIds } from '../../event-store/event-identity.js';
import { type Transactor } from '../../event-store/transact.js';
import type { RecordedOf } from '../../events/event-definition.js';
import { ImageWithheld, withholdImage, withholdingStream } from '../../images/index.js';
import { causedBy } from '../../kernel/command-context.js';
import { ReviewConfirmed } from '../../review/index.js';
import { type Consumer, defineConsumer } from '../../subscriptions/consumer.js';
import { type ConfirmedViolation, violationOf } from '../confirmed-violation.js';
import { completeEnforcement, enforcementStream, isEnforced, type Order, orderEnforcement } from '../enforcement.js';
import { ladderAt, ladderStream } from '../ladder.js';
import { measuresOf, orderFor } from '../ordered-measures.js';

export const ENFORCING = 'enforcing';

/**
 * A confirmed review is enforced once: its image is withheld, and the ladder in force at its position says what its account
 * loses. Its case's own enforcement stream has the order and says that it was carried out, so processing the review again
 * undoes no later reinstatement. Before that is stored, what was done is known by event ids derived from the confirmation.
 */
export function enforcing(transactor: Transactor, ownEventIds: OwnEventIds): Consumer {
  const once = (event: RecordedOf<typeof ReviewConfirmed>, purpose: string, eventType?: string) => ({
    ...causedBy(event, ENFORCING),
    ...ownEventIds.identify(event, purpose),
    ...(eventType !== undefined && { eventType }),
    isRecordedElsewhere: true,
  });

  const withhold = (event: RecordedOf<typeof ReviewConfirmed>) => {
    const { imageId, caseId } = event.data;
    const context = once(event, 'withhold-image', ImageWithheld.type);
    return transactor.transact(withholdingStream, imageId, context, (state) =>
      withholdImage(state, { imageId, caseId }),
    );
  };

  async function enforce(event: RecordedOf<typeof ReviewConfirmed>, violation: ConfirmedViolation): Promise<void> {
    const { accountId, caseId } = violation;
    const context = causedBy(event, ENFORCING);
    const [{ state: ladder }, { state: standing }] = await Promise.all([
      transactor.load(ladderStream, undefined),
      transactor.load(accountStream, accountId),
    ]);
    const planned = orderFor(violation, standing, ladder);
    const ordering = transactor
      .transact(enforcementStream, caseId, context, (state) => orderEnforcement(state, planned, roundOf(event)))
      .then(({ state }) => state.order!);
    const impose = (order: Order) =>
      transactor.transact(accountStream, accountId, once(event, IMPOSE), (state) =>
        imposeMeasures(state, violation, measuresOf(order)),
      );
    // Without a ladder nothing depends on the account, so the deny waits for nothing.
    const isPlain = ladderAt(ladder, event.position).length === 0;
    await Promise.all([ordering, withhold(event), isPlain ? impose(planned) : ordering.then(impose)]);
    await transactor.transact(enforcementStream, caseId, context, (state) =>
      completeEnforcement(state, { accountId, caseId }),
    );
  }

  return defineConsumer({
    name: ENFORCING,
    events: [ReviewConfirmed],
    key: ({ data }) => data.accountId ?? data.caseId,
    async react(event) {
      const { state } = await transactor.load(enforcementStream, event.data.caseId);
      if (isEnforced(state, roundOf(event))) return;
      const violation = violationOf(event);
      if (violation) return enforce(event, violation);
      await withhold(event);
      throw new Error(
        `the ReviewConfirmed of case ${event.data.caseId} at position ${event.position} names no account, so nothing can be imposed on anybody; ` +
          'find the account of the image and deactivate it by POST /v1/accounts/{id}/deactivation',
      );
    },
  });
}

/** Confirmations of earlier releases name none. */
const roundOf = ({ data }: RecordedOf<typeof ReviewConfirmed>): number => data.round ?? 1;

/** Part of event ids, which are the same in every release. */
const IMPOSE = 'deactivate-account';

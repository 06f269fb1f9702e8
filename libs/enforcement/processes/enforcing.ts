import { accountStream, imposeMeasures } from '../../account/index.js';
import type { OwnEventIds } from '../../event-store/event-identity.js';
import type { Transactor } from '../../event-store/transact.js';
import type { RecordedOf } from '../../events/event-definition.js';
import { causedBy } from '../../kernel/command-context.js';
import { CASE_REOPENED, ReviewConfirmed, ReviewOverturned, ReviewUpheld } from '../../review/index.js';
import { type Consumer, defineConsumer } from '../../subscriptions/consumer.js';
import { type ConfirmedViolation, enforcingKey, violationOf } from '../confirmed-violation.js';
import {
  completeEnforcement,
  ENFORCING,
  enforcementStream,
  isEnforced,
  type Order,
  orderEnforcement,
} from '../enforcement.js';
import type { EnforcementUndoing, Undoing } from '../features/enforcement-undoing.js';
import { ladderAt, ladderStream } from '../ladder.js';
import { orderedMeasures, orderFor } from '../ordered-measures.js';
import { forTargets, statementFor } from '../queries/order-additions.js';

/**
 * A confirmed review is enforced once: the ladder in force at its position says what its account loses. Its case's own
 * enforcement stream has the order and says that it was carried out, so processing the review again undoes no later
 * reinstatement. Before that is stored, what was done is known by event ids derived from the confirmation. A later round of a
 * reopened case undoes it, or with another clause replaces it, in the order of the account's decisions.
 */
export function enforcing(transactor: Transactor, ownEventIds: OwnEventIds, undoing: EnforcementUndoing): Consumer {
  async function enforce(event: RecordedOf<typeof ReviewConfirmed>, violation: ConfirmedViolation): Promise<void> {
    const { accountId, caseId } = violation;
    const context = causedBy(event, ENFORCING);
    const order = async (planned: Order) => {
      const [addition, statement] = await Promise.all([
        forTargets(transactor, planned),
        statementFor(transactor, event),
      ]);
      const complete = { ...planned, ...addition, statement, round: roundOf(event) };
      const { state } = await transactor.transact(enforcementStream, caseId, context, (before) =>
        orderEnforcement(before, complete, roundOf(event)),
      );
      return state.order!;
    };
    const once = ownEventIds.once(event, ENFORCING, IMPOSE);
    const impose = (given: Order) =>
      transactor.transact(accountStream, accountId, once, (state) =>
        imposeMeasures(state, violation, orderedMeasures(given)),
      );
    const { state: ladder } = await transactor.load(ladderStream, undefined);
    if (ladderAt(ladder, event.position).length === 0) {
      // Without a ladder nothing depends on the account, so the deny waits for nothing.
      const planned = orderFor(violation, accountStream.initial, ladder);
      await Promise.all([order(planned), impose(planned)]);
    } else {
      const { state: standing } = await transactor.load(accountStream, accountId);
      await impose(await order(orderFor(violation, standing, ladder)));
    }
    await transactor.transact(enforcementStream, caseId, context, (state) =>
      completeEnforcement(state, { accountId, caseId }),
    );
  }

  async function change(event: Overturned | Upheld, decidedRound: number): Promise<void> {
    const { caseId, round } = event.data;
    const { order, ...before } = await undoing.of(caseId);
    // An earlier release confirmed it without an account, or a decision by hand has the id.
    if (order?.caseId !== caseId) return;
    const context = causedBy(event, ENFORCING);
    const reason = event.type === 'ReviewOverturned' ? event.data.reason : CASE_REOPENED;
    const its: Undoing = {
      id: caseId,
      reversal: { accountId: order.accountId, caseId, reason, appeal: 0, round, decidedRound },
      context,
      once: (purpose) => ownEventIds.once(event, ENFORCING, purpose),
    };
    if (event.type === 'ReviewOverturned') return undoing.undo(its);
    // An appeal, or a later round, has decided about this one since.
    if (before.undoneRound >= round && before.decidedRound !== decidedRound) return;
    const { clause } = event.data;
    const isOther = order.clause !== clause || before.decidedRound === decidedRound;
    if (clause !== undefined && isOther) await undoing.replace(its, clause);
  }

  return defineConsumer({
    name: ENFORCING,
    events: [ReviewConfirmed, ReviewOverturned, ReviewUpheld],
    key: enforcingKey,
    formerKey: ({ data }) => data.accountId ?? data.caseId,
    async react(event) {
      const { caseId } = event.data;
      if (event.type === 'ReviewUpheld') return change(event, event.data.round);
      if (event.type === 'ReviewOverturned') {
        const { decidedRound } = event.data;
        // Without it, an appeal has undone it before.
        return decidedRound === undefined ? undefined : change(event, decidedRound);
      }
      const { state } = await transactor.load(enforcementStream, caseId);
      if (state.order?.caseId === caseId && isEnforced(state, roundOf(event))) return;
      const violation = violationOf(event);
      if (violation) return enforce(event, violation);
      throw new Error(
        `the ReviewConfirmed of case ${caseId} at position ${event.position} names no account, so nothing can be imposed on anybody; ` +
          'find the account of the image and deactivate it by POST /v1/accounts/{id}/deactivation',
      );
    },
  });
}

type Overturned = RecordedOf<typeof ReviewOverturned>;
type Upheld = RecordedOf<typeof ReviewUpheld>;

/** Confirmations of earlier releases name none. */
const roundOf = ({ data }: RecordedOf<typeof ReviewConfirmed>): number => data.round ?? 1;

/** Part of event ids, which are the same in every release. */
const IMPOSE = 'deactivate-account';

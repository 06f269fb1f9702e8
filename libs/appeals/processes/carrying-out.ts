import { accountStream, type ConfirmedReview, replaceMeasures, undoDecision } from '../../account/index.js';
import {
  completeEnforcement,
  type Enforcement,
  enforcementStream,
  type Order,
  orderedMeasures,
  replaceOrder,
  reverseEnforcement,
} from '../../enforcement/index.js';
import type { OwnEventIds } from '../../event-store/event-identity.js';
import type { Transactor } from '../../event-store/transact.js';
import type { RecordedOf } from '../../events/event-definition.js';
import { ImageRestored, restoreImage, withholdingStream } from '../../images/index.js';
import type { Clock } from '../../kernel/clock.js';
import { causedBy } from '../../kernel/command-context.js';
import { amendReview, caseStream, overturnReview } from '../../review/index.js';
import { type Consumer, defineConsumer } from '../../subscriptions/consumer.js';
import { AppealGranted, AppealPartlyGranted } from '../events.js';
import type { OtherMeasures } from '../queries/other-measures.js';

export const APPEAL_CARRYING_OUT = 'appeal-carrying-out';

type Granted = RecordedOf<typeof AppealGranted>;
type PartlyGranted = RecordedOf<typeof AppealPartlyGranted>;

/**
 * Undoes what the decision behind a granted appeal has led to, or puts other measures in its place. The enforcement's stream
 * says which appeals were carried out. Before that is stored, what was done is known by event ids derived from the decision,
 * so that a restart repeats nothing. The case comes last: once it is open for a new round, nothing of the old one is left.
 */
export function appealCarryingOut(
  transactor: Transactor,
  ownEventIds: OwnEventIds,
  clock: Clock,
  others: OtherMeasures,
): Consumer {
  const once = (event: Granted | PartlyGranted, purpose: string) => ({
    ...causedBy(event, APPEAL_CARRYING_OUT),
    ...ownEventIds.identify(event, purpose),
    isRecordedElsewhere: true,
  });
  const enforcementOf = async (id: string): Promise<Enforcement> =>
    (await transactor.load(enforcementStream, id)).state;

  async function grant(event: Granted): Promise<void> {
    const { appealId, accountId, caseId, imageId, number, round } = event.data;
    const reason = 'appeal-granted';
    const context = causedBy(event, APPEAL_CARRYING_OUT);
    if ((await enforcementOf(appealId)).appeal < number) {
      await transactor.transact(accountStream, accountId, once(event, 'undo-decision'), (state) =>
        undoDecision(state, { accountId, cause: appealId, reason }, clock.now()),
      );
      if (imageId !== undefined) {
        const restoring = { ...once(event, 'restore-image'), eventType: ImageRestored.type };
        await transactor.transact(withholdingStream, imageId, restoring, (state) =>
          restoreImage(state, { imageId, reason }),
        );
      }
      await transactor.transact(enforcementStream, appealId, context, (state) =>
        reverseEnforcement(state, reversalOf(event, reason)),
      );
    }
    if (caseId === undefined || round === undefined) return;
    await transactor.transact(caseStream, caseId, context, (state) => overturnReview(state, { caseId, round, reason }));
  }

  async function grantInPart(event: PartlyGranted): Promise<void> {
    const { appealId, accountId, clause, number, round } = event.data;
    const caseId = event.data.caseId!;
    const reason = 'appeal-partly-granted';
    const context = causedBy(event, APPEAL_CARRYING_OUT);
    const before = await enforcementOf(appealId);
    if (before.appeal < number) {
      const other = await others.orderFor(before.order!, clause);
      await transactor.transact(enforcementStream, appealId, context, (state) =>
        replaceOrder(state, reversalOf(event, reason), other),
      );
    }
    // What was ordered is what is imposed, whatever has changed since.
    const { status, order, appeal } = await enforcementOf(appealId);
    if (status === 'ordered' && appeal === number) {
      await transactor.transact(accountStream, accountId, once(event, 'replace-measures'), (state) =>
        replaceMeasures(state, reviewOf(order!), orderedMeasures(order!), { reason, now: clock.now() }),
      );
      await transactor.transact(enforcementStream, appealId, context, (state) =>
        completeEnforcement(state, { accountId, caseId }),
      );
    }
    if (round === undefined) return;
    await transactor.transact(caseStream, caseId, context, (state) =>
      amendReview(state, { caseId, round, reason, clause }),
    );
  }

  return defineConsumer({
    name: APPEAL_CARRYING_OUT,
    events: [AppealGranted, AppealPartlyGranted],
    key: ({ data }) => data.accountId,
    react: (event) => (event.type === 'AppealGranted' ? grant(event) : grantInPart(event)),
  });
}

function reversalOf({ data }: Granted | PartlyGranted, reason: string) {
  const { appealId, accountId, caseId, number, round } = data;
  return {
    accountId,
    ...(caseId === undefined ? { enforcementId: appealId } : { caseId }),
    ...{ reason, appeal: number },
    ...(round !== undefined && { round }),
  };
}

const reviewOf = ({ accountId, caseId, imageId, categories, clause }: Order): ConfirmedReview => ({
  accountId,
  caseId: caseId!,
  imageId: imageId ?? caseId!,
  categories,
  clause,
});

import { type EnforcementUndoing, isReversed, type Undoing } from '../../enforcement/index.js';
import type { OwnEventIds } from '../../event-store/event-identity.js';
import type { Transactor } from '../../event-store/transact.js';
import type { RecordedOf } from '../../events/event-definition.js';
import { ImageRestored, restoreImage, withholdingStream } from '../../images/index.js';
import { causedBy } from '../../kernel/command-context.js';
import { APPEAL_GRANTED, amendReview, type Case, caseStream, isInForce, overturnReview } from '../../review/index.js';
import { type Consumer, defineConsumer } from '../../subscriptions/consumer.js';
import { AppealGranted, AppealPartlyGranted } from '../events.js';

export const APPEAL_CARRYING_OUT = 'appeal-carrying-out';

type Granted = RecordedOf<typeof AppealGranted>;
type PartlyGranted = RecordedOf<typeof AppealPartlyGranted>;

/**
 * Undoes what the decision behind a granted appeal has led to, or puts other measures in its place. The enforcement's stream
 * says which appeals were carried out. The case comes last: once it is open for a new round, nothing of the old one is left.
 */
export function appealCarryingOut(
  transactor: Transactor,
  ownEventIds: OwnEventIds,
  undoing: EnforcementUndoing,
): Consumer {
  async function grant(event: Granted): Promise<void> {
    const { caseId, imageId, round } = event.data;
    const its = undoingOf(event, APPEAL_GRANTED, ownEventIds);
    if (!(await isStillInForce(transactor, event))) return;
    if (!isReversed(await undoing.of(its.id), its.reversal) && imageId !== undefined) {
      const restoring = { ...its.once('restore-image'), eventType: ImageRestored.type };
      await transactor.transact(withholdingStream, imageId, restoring, (state) =>
        restoreImage(state, { imageId, reason: APPEAL_GRANTED }),
      );
    }
    await undoing.undo(its);
    if (caseId === undefined || round === undefined) return;
    await transactor.transact(caseStream, caseId, its.context, (state) =>
      overturnReview(state, { caseId, round, reason: APPEAL_GRANTED }),
    );
  }

  async function grantInPart(event: PartlyGranted): Promise<void> {
    const { clause, round } = event.data;
    const caseId = event.data.caseId!;
    const reason = 'appeal-partly-granted';
    if (!(await isStillInForce(transactor, event))) return;
    const { state: before } = await transactor.load(caseStream, caseId);
    const isLater = isConfirmedSince(before, event);
    // Whatever round had confirmed it again by then, the appeal has decided about it.
    const decided = isLater ? round : (before.inForce?.round ?? round);
    const its = undoingOf(event, reason, ownEventIds, decided);
    // The clause of a later round is the newest: with it, nothing of the appeal is left to do.
    await undoing.replace(its, (isLater && before.clause) || clause);
    // A later appeal has put another clause in the place of this one since.
    if (round === undefined || (await undoing.of(its.id)).appeal !== its.reversal.appeal) return;
    await transactor.transact(caseStream, caseId, its.context, (state) =>
      isConfirmedSince(state, event) ? [] : amendReview(state, { caseId, round, reason, clause }),
    );
  }

  return defineConsumer({
    name: APPEAL_CARRYING_OUT,
    events: [AppealGranted, AppealPartlyGranted],
    key: ({ data }) => data.accountId,
    react: (event) => (event.type === 'AppealGranted' ? grant(event) : grantInPart(event)),
  });
}

/** A lead may have had the case judged again while somebody filed the appeal; then what it was against may be undone. */
async function isStillInForce(transactor: Transactor, { data }: Granted | PartlyGranted): Promise<boolean> {
  const { caseId, round } = data;
  if (caseId === undefined || round === undefined) return true;
  return isInForce((await transactor.load(caseStream, caseId)).state, round);
}

/** Whether a later round has confirmed the case again since. */
const isConfirmedSince = ({ inForce }: Case, { position }: PartlyGranted): boolean =>
  inForce !== undefined && inForce.at > position;

/** @param round the last one whose confirmation the appeal has decided about */
function undoingOf(
  event: Granted | PartlyGranted,
  reason: string,
  ownEventIds: OwnEventIds,
  round = event.data.round,
): Undoing {
  const { appealId, accountId, caseId, number } = event.data;
  return {
    id: appealId,
    reversal: {
      accountId,
      ...(caseId === undefined ? { enforcementId: appealId } : { caseId }),
      ...{ reason, appeal: number },
      ...(round !== undefined && { round }),
    },
    context: causedBy(event, APPEAL_CARRYING_OUT),
    once: (purpose) => ownEventIds.once(event, APPEAL_CARRYING_OUT, purpose),
  };
}

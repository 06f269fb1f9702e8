import { accountStream, type ConfirmedReview, replaceMeasures, undoDecision } from '../../account/index.js';
import type { ContextPorts } from '../../context/context.js';
import type { Transactor } from '../../event-store/transact.js';
import type { Clock } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import {
  completeEnforcement,
  type Enforcement,
  enforcementStream,
  isReversed,
  type Order,
  type Reversal,
  replaceOrder,
  reverseEnforcement,
} from '../enforcement.js';
import { orderedMeasures } from '../ordered-measures.js';
import { OtherMeasures } from '../queries/other-measures.js';

/** The decision that undoes something. */
export interface Undoing {
  /** Of the enforcement. */
  id: string;
  reversal: Reversal;
  context: CommandContext;
  /** The context of what is done for a purpose because of the decision, and only once. */
  once(purpose: string): CommandContext;
}

/**
 * Undoes what a decision has led to on an account, or puts other measures in its place: because of an appeal, or of a later round
 * of the case. The enforcement's stream says what was carried out. Before that is stored, what was done is known by event ids
 * derived from the decision, so that a restart repeats nothing.
 */
export class EnforcementUndoing {
  constructor(
    private readonly transactor: Transactor,
    private readonly clock: Clock,
    private readonly others: Pick<OtherMeasures, 'orderFor'>,
  ) {}

  async of(id: string): Promise<Enforcement> {
    return (await this.transactor.load(enforcementStream, id)).state;
  }

  /** A no-op if it was carried out, or if nothing was ordered. */
  async undo({ id, reversal, context, once }: Undoing): Promise<void> {
    const { status, order, ...enforcement } = await this.of(id);
    if (!order || isReversed({ status, order, ...enforcement }, reversal)) return;
    const { accountId } = order;
    const { reason } = reversal;
    await this.transactor.transact(accountStream, accountId, once('undo-decision'), (state) =>
      undoDecision(state, { accountId, cause: id, reason }, this.clock.now()),
    );
    await this.transactor.transact(enforcementStream, id, context, (state) => reverseEnforcement(state, reversal));
  }

  /** What was ordered is what is imposed, whatever has changed since. */
  async replace({ id, reversal, context, once }: Undoing, clause: string): Promise<void> {
    const before = await this.of(id);
    if (before.order && !isReversed(before, reversal)) {
      const other = await this.others.orderFor(before.order, clause);
      await this.transactor.transact(enforcementStream, id, context, (state) => replaceOrder(state, reversal, other));
    }
    const { status, order, appeal, decidedRound } = await this.of(id);
    const isIts = reversal.appeal > 0 ? appeal === reversal.appeal : decidedRound === reversal.decidedRound;
    if (status !== 'ordered' || !isIts) return;
    const { accountId, caseId } = order!;
    const { reason } = reversal;
    await this.transactor.transact(accountStream, accountId, once('replace-measures'), (state) =>
      replaceMeasures(state, reviewOf(order!), orderedMeasures(order!), { reason, now: this.clock.now() }),
    );
    await this.transactor.transact(enforcementStream, id, context, (state) =>
      completeEnforcement(state, { accountId, caseId: caseId! }),
    );
  }
}

/** For consumers, which are built without Nest. */
export const enforcementUndoing = ({
  transactor,
  store,
  clock,
}: Pick<ContextPorts, 'transactor' | 'store' | 'clock'>): EnforcementUndoing =>
  new EnforcementUndoing(transactor, clock, new OtherMeasures(store, transactor));

const reviewOf = ({ accountId, caseId, imageId, categories, clause }: Order): ConfirmedReview => ({
  accountId,
  caseId: caseId!,
  imageId: imageId ?? caseId!,
  categories,
  clause,
});

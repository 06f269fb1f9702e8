import { type AccountStanding, accountStream, consequencesOf } from '../../account/index.js';
import type { EventStore } from '../../event-store/event-store.js';
import type { Transactor } from '../../event-store/transact.js';
import { isOf } from '../../events/event-definition.js';
import { foldRecorded } from '../../kernel/decider.js';
import type { Position, RecordedEvent } from '../../kernel/envelope.js';
import { confirmationOf } from '../../review/index.js';
import { enforcementStream, type Order } from '../enforcement.js';
import { EnforcementOrdered } from '../events.js';
import { ladderStream } from '../ladder.js';
import { orderFor } from '../ordered-measures.js';
import { forReplacement, statementFor } from './order-additions.js';

/** What a confirmed case would have led to if its reviewers had named another clause. */
export class OtherMeasures {
  constructor(
    private readonly store: EventStore,
    private readonly transactor: Transactor,
  ) {}

  /**
   * By the ladder at the position of the confirmation, from whose time every end counts, and by the strikes that the account
   * had when the measure was ordered, as that did, except those that were rescinded since. It names the targets that carry it out or undo the first order, and has
   * a statement of reasons.
   */
  async orderFor(order: Order, clause: string): Promise<Order> {
    const { accountId, imageId, categories } = order;
    const caseId = order.caseId!;
    const confirmation = await confirmationOf(this.store, caseId);
    if (!confirmation) throw new Error(`case ${caseId} was never confirmed; its enforcement is ${accountId}'s`);
    const [{ state: ladder }, standing] = await Promise.all([
      this.transactor.load(ladderStream, undefined),
      this.orderedAt(caseId, confirmation.position).then((orderedAt) => this.standingAt(accountId, orderedAt)),
    ]);
    const at = Date.parse(confirmation.recordedAt);
    const { position } = confirmation;
    const violation = { accountId, caseId, imageId: imageId ?? caseId, categories, clause, position, at };
    const other = orderFor(violation, standing, ladder);
    const [targets, given] = await Promise.all([
      forReplacement(this.transactor, order, other),
      order.statement ?? statementFor(this.transactor, confirmation),
    ]);
    // Another system may have confirmed it, but people decided since that this clause was violated.
    const statement = { ...given, decidedBy: 'reviewers' as const, isMeasureAutomated: true };
    return { ...other, ...targets, statement };
  }

  /** The position of the first order for a confirmation: later ones are of appeals against it. */
  private async orderedAt(caseId: string, confirmedAt: Position): Promise<Position> {
    const history = await this.store.readStream(`${enforcementStream.category}-${caseId}`);
    const isOrder = (event: RecordedEvent) => isOf(EnforcementOrdered, event) && event.position > confirmedAt;
    return history.find(isOrder)?.position ?? confirmedAt;
  }

  private async standingAt(accountId: string, position: Position): Promise<AccountStanding> {
    const history = await this.store.readStream(`${accountStream.category}-${accountId}`);
    const before = foldRecorded(
      accountStream,
      history.filter((event) => event.position < position),
    );
    const now = new Set(consequencesOf(foldRecorded(accountStream, history)).strikes.map(({ cause }) => cause));
    const all = consequencesOf(before);
    return { ...before, consequences: { ...all, strikes: all.strikes.filter(({ cause }) => now.has(cause)) } };
  }
}

import { Inject, Injectable } from '@nestjs/common';
import { accountStream, consequencesOf, isCause } from '../../account/index.js';
import { EnforcementOrdered, enforcementStream, type Order } from '../../enforcement/index.js';
import type { EventStore } from '../../event-store/event-store.js';
import { Transactor } from '../../event-store/transact.js';
import { isOf } from '../../events/event-definition.js';
import { ImageWithheld, withholdingStream } from '../../images/index.js';
import type { Clock } from '../../kernel/clock.js';
import { foldRecorded } from '../../kernel/decider.js';
import type { Position, RecordedEvent } from '../../kernel/envelope.js';
import { Refusal } from '../../kernel/errors.js';
import { CLOCK, EVENT_STORE } from '../../platform/ports.js';
import { clausesAt, policyStream } from '../../policy/index.js';
import { type Case, CaseFactsReader, caseStream, ReviewConfirmed, reviewerStream } from '../../review/index.js';
import { appealStream } from '../appeal.js';
import type { FilingFacts } from '../filing.js';
import type { HearingFacts } from '../hearing.js';
import { conflictWith } from '../queries/hearing-conflicts.js';
import { isOfCause, peopleBehind, peopleOfCase } from '../queries/people-involved.js';

/** Reads what the decisions on an appeal need beyond its own stream. Call it before each attempt to decide. */
@Injectable()
export class AppealFactsReader {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(CaseFactsReader) private readonly cases: CaseFactsReader,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async forFiling(enforcementId: string): Promise<FilingFacts> {
    const history = await this.store.readStream(`${enforcementStream.category}-${enforcementId}`);
    const enforcement = foldRecorded(enforcementStream, history);
    const ordered = history.findLast((event) => isOf(EnforcementOrdered, event));
    const { order } = enforcement;
    const ofCase =
      order?.caseId === undefined ? undefined : (await this.transactor.load(caseStream, order.caseId)).state;
    return {
      enforcement,
      isReopened: ofCase !== undefined && isReopened(ofCase),
      since: ofCase?.inForce?.since,
      orderedAt: ordered ? Date.parse(ordered.recordedAt) : 0,
      // Before that is stored, its consumer might say it of what an appeal has ordered meanwhile.
      isImposed:
        enforcement.status === 'completed' && (await this.isImposed(enforcementId, order!, enforcement.orders)),
    };
  }

  /** @throws NotCaughtUp; Refusal case-parked, image-parked */
  async forHearing(appealId: string, reviewer: string): Promise<HearingFacts> {
    const { state: enforcement } = await this.transactor.load(enforcementStream, appealId);
    const { order } = enforcement;
    // An appeal is filed against what was ordered, so only one that is unknown has none.
    if (!order) return { order: { accountId: '', measure: 'strike', categories: [] }, clauses: [] };
    const { accountId, caseId } = order;
    const [{ state: appeal }, { state: profile }, { state: policies }, account] = await Promise.all([
      this.transactor.load(appealStream, appealId),
      this.transactor.load(reviewerStream, reviewer),
      this.transactor.load(policyStream, undefined),
      this.store.readStream(`${accountStream.category}-${accountId}`),
    ]);
    const clauses = clausesAt(policies, this.clock.now()).map(({ id }) => id);
    const involved = { appeal, accountId, imposedBy: peopleBehind(account, appealId) };
    const links = new Map([[reviewer, profile.accounts]]);
    if (caseId === undefined) return { order, clauses, conflict: conflictWith(involved, reviewer, { links }) };
    const { facts, ...ofCase } = await this.ofCase(caseId, reviewer);
    const conflict = conflictWith({ ...involved, ofCase }, reviewer, { ...facts, links });
    const { round, inForce } = ofCase.state;
    return { order, clauses, conflict, round, since: inForce?.since, isReopened: isReopened(ofCase.state) };
  }

  private async ofCase(caseId: string, reviewer: string) {
    const facts = await this.cases.read(caseId, [reviewer]);
    if (facts.isCaseParked || facts.isParked) {
      throw new Refusal(
        facts.isCaseParked ? 'case-parked' : 'image-parked',
        `an event of image ${caseId} can't be processed, so that it is not known who flagged or owns it: GET /v1/views shows the parked keys with their errors; fix the cause, then try again`,
      );
    }
    const history = await this.store.readStream(`${caseStream.category}-${caseId}`);
    return { state: foldRecorded(caseStream, history), people: peopleOfCase(history), facts };
  }

  /**
   * Before that, undoing would come first and the measure after it. A decision by hand is in force before its order is
   * recorded, and other measures before the next appeal can be filed.
   */
  private async isImposed(id: string, { accountId, caseId, imageId }: Order, orders: number): Promise<boolean> {
    if (caseId === undefined) return true;
    const [ofCase, account, image] = await Promise.all([
      this.store.readStream(`${caseStream.category}-${caseId}`),
      this.store.readStream(`${accountStream.category}-${accountId}`),
      this.store.readStream(`${withholdingStream.category}-${imageId ?? caseId}`),
    ]);
    const confirmedAt = ofCase.findLast((event) => isOf(ReviewConfirmed, event))?.position ?? 0;
    const isOfAccount =
      isCause(consequencesOf(foldRecorded(accountStream, account)), id) ||
      orders > 1 ||
      account.some((event) => isSince(event, confirmedAt) && isOfCause(event, id));
    return isOfAccount && image.some((event) => isOf(ImageWithheld, event) && isSince(event, confirmedAt));
  }
}

/** Whether a confirmed case is being judged again: then its new round decides first. */
const isReopened = ({ status, inForce }: Case): boolean => status === 'open' && inForce !== undefined;

const isSince = ({ position, fault }: RecordedEvent, confirmedAt: Position): boolean =>
  fault === undefined && position > confirmedAt;

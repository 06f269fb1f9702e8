import { Inject, Injectable } from '@nestjs/common';
import { accountStream, consequencesOf, isCause } from '../../account/index.js';
import { EnforcementOrdered, enforcementStream, type Order } from '../../enforcement/index.js';
import type { EventStore } from '../../event-store/event-store.js';
import { type Load, Transactor } from '../../event-store/transact.js';
import { isOf } from '../../events/event-definition.js';
import { ImageWithheld, withholdingStream } from '../../images/index.js';
import { foldRecorded } from '../../kernel/decider.js';
import type { Position, RecordedEvent } from '../../kernel/envelope.js';
import { Refusal } from '../../kernel/errors.js';
import { EVENT_STORE } from '../../platform/ports.js';
import { type Case, CaseFactsReader, caseStream, ReviewConfirmed, reviewerStream } from '../../review/index.js';
import type { Appeal } from '../appeal.js';
import type { FilingFacts } from '../filing.js';
import type { HearingFacts } from '../hearing.js';
import { Hearers } from '../queries/hearers.js';
import { conflictWith } from '../queries/hearing-conflicts.js';
import { imposersOf, isOfCause, peopleBehind, peopleOfCase } from '../queries/people-involved.js';

/** Reads what the decisions on an appeal need beyond its own stream. Call it before each attempt to decide. */
@Injectable()
export class AppealFactsReader {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(CaseFactsReader) private readonly cases: CaseFactsReader,
    @Inject(Hearers) private readonly hearers: Pick<Hearers, 'isHearer'>,
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

  /**
   * @param load reads the appeal itself
   * @throws NotCaughtUp; Refusal case-parked, image-parked
   */
  async forHearing(appealId: string, reviewer: string, load: Load<Appeal>): Promise<HearingFacts> {
    const [appeal, { state: enforcement }] = await Promise.all([
      load(),
      this.transactor.load(enforcementStream, appealId),
    ]);
    const { order } = enforcement;
    // An appeal is filed against what was ordered, so only one that is unknown has none.
    if (!order) return { order: { accountId: '', measure: 'strike', categories: [] }, clauses: [] };
    const { accountId, caseId } = order;
    const account = await this.store.readStream(`${accountStream.category}-${accountId}`);
    const involved = { appeal, accountId, imposedBy: imposersOf(foldRecorded(peopleBehind, account), appealId) };
    if (caseId === undefined) {
      const { state: profile } = await this.transactor.load(reviewerStream, reviewer);
      // Its decision names no clause.
      return {
        order,
        clauses: [],
        conflict: conflictWith(involved, reviewer, { links: new Map([[reviewer, profile.accounts]]) }),
      };
    }
    const { facts, ...ofCase } = await this.ofCase(caseId, reviewer);
    const { round, inForce } = ofCase.state;
    const conflict = conflictWith({ ...involved, ofCase }, reviewer, facts);
    const clauses = [...(facts.clauses ?? [])];
    return { order, clauses, conflict, round, since: inForce?.since, isReopened: isReopened(ofCase.state) };
  }

  /** What a lead needs of the person to whom an appeal is handed over. @throws NotCaughtUp; Refusal case-parked, image-parked */
  async forHandOver(appealId: string, to: string, load: Load<Appeal>): Promise<HearingFacts & { isHearer: boolean }> {
    const [facts, isHearer] = await Promise.all([this.forHearing(appealId, to, load), this.hearers.isHearer(to)]);
    return { ...facts, isHearer };
  }

  private async ofCase(caseId: string, reviewer: string) {
    let history: readonly RecordedEvent[] = [];
    const facts = await this.cases.read(caseId, [reviewer], {
      load: async () => {
        history = await this.store.readStream(`${caseStream.category}-${caseId}`);
        return foldRecorded(caseStream, history);
      },
    });
    if (facts.isCaseParked || facts.isParked) {
      throw new Refusal(
        facts.isCaseParked ? 'case-parked' : 'image-parked',
        `an event of image ${caseId} can't be processed, so that it is not known who flagged or owns it: GET /v1/views shows the parked keys with their errors; fix the cause, then try again`,
      );
    }
    return { state: foldRecorded(caseStream, history), people: foldRecorded(peopleOfCase, history).people, facts };
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

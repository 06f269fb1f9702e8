import { Inject, Injectable } from '@nestjs/common';
import { type Enforcement, enforcementStream } from '../../enforcement/index.js';
import { Transactor } from '../../event-store/transact.js';
import { type AppealHearings, type AppealStatus, caseStream } from '../../review/index.js';
import { type Appeal, appealStream, isAnotherDecision } from '../appeal.js';

/** An appeal against a case has the id of the case. */
@Injectable()
export class StoredHearings implements AppealHearings {
  constructor(@Inject(Transactor) private readonly transactor: Pick<Transactor, 'load'>) {}

  async heldUntil(caseId: string, reviewer: string, now: number): Promise<number | undefined> {
    const { state } = await this.transactor.load(appealStream, caseId);
    const { status, claim } = state;
    return status === 'open' && claim?.reviewer === reviewer && now < claim.until ? claim.until : undefined;
  }

  async statusOf(caseId: string): Promise<AppealStatus> {
    const [{ state }, { state: enforcement }, ofCase] = await Promise.all([
      this.transactor.load(appealStream, caseId),
      this.transactor.load(enforcementStream, caseId),
      this.transactor.load(caseStream, caseId),
    ]);
    if (state.status === 'open' || isBeingCarriedOut(state, enforcement)) return 'open';
    const since = ofCase.state.inForce?.since;
    return isAnotherDecision(state, { order: enforcement.orders, since }) ? 'none' : 'decided';
  }
}

/** What was granted and is not done yet must not be done to a decision that comes after it. */
const isBeingCarriedOut = ({ status, number, order }: Appeal, enforcement: Enforcement): boolean =>
  (status === 'granted' || status === 'partly-granted') &&
  enforcement.status !== 'reversed' &&
  enforcement.orders === order &&
  enforcement.appeal < number;

import { Inject, Injectable } from '@nestjs/common';
import { Transactor } from '../../event-store/transact.js';
import type { AppealHearings } from '../../review/index.js';
import { appealStream } from '../appeal.js';

/** An appeal against a case has the id of the case. */
@Injectable()
export class StoredHearings implements AppealHearings {
  constructor(@Inject(Transactor) private readonly transactor: Transactor) {}

  async heldUntil(caseId: string, reviewer: string, now: number): Promise<number | undefined> {
    const { state } = await this.transactor.load(appealStream, caseId);
    const { status, claim } = state;
    return status === 'open' && claim?.reviewer === reviewer && now < claim.until ? claim.until : undefined;
  }
}

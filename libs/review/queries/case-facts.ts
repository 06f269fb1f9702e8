import { Inject, Injectable } from '@nestjs/common';
import type { EventStore } from '../../event-store/event-store.js';
import { ImageOwners } from '../../images/index.js';
import { EVENT_STORE } from '../../platform/ports.js';
import type { Case } from '../case.js';
import type { CaseFacts } from '../conflict-of-interest.js';
import type { CaseEvent } from '../events.js';
import { readCase, readNotedFlagger } from './case-reading.js';
import { OpenedCases } from './opened-cases.js';

/** Reads what a decision on a case needs beyond the case's own stream. */
@Injectable()
export class CaseFactsReader {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(OpenedCases) private readonly openedCases: OpenedCases,
    @Inject(ImageOwners) private readonly images: ImageOwners,
  ) {}

  /**
   * Makes a decision on the case alone from one that needs facts too.
   * @param reviewer who wants to review, if the decision is about that
   * @throws Refusal image-parked
   * @throws StoreUnavailable when it is not known yet whether there is a case, or whose image it is
   */
  async give(
    caseId: string,
    decide: (state: Case, facts: CaseFacts) => CaseEvent[],
    reviewer?: string,
  ): Promise<(state: Case) => CaseEvent[]> {
    let before = await readCase(this.store, caseId);
    if (before.status === 'none') {
      // The flag may be stored while its case is still to be opened.
      await this.openedCases.caughtUp();
      before = await readCase(this.store, caseId);
    }
    // The facts of a case that was not open a moment ago are not read, so the decision is about that moment.
    if (before.status !== 'open') return () => decide(before, {});
    const facts = await this.factsOf(caseId, reviewer);
    return (state) => decide(state, facts);
  }

  private async factsOf(caseId: string, reviewer: string | undefined): Promise<CaseFacts> {
    const [owner, noted] = await Promise.all([
      this.images.ownerOf(caseId),
      reviewer === undefined ? undefined : readNotedFlagger(this.store, caseId, reviewer),
    ]);
    return { owner, notedRound: noted?.round };
  }
}

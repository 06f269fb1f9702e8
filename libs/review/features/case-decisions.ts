import { Inject, Injectable } from '@nestjs/common';
import type { EventStore } from '../../event-store/event-store.js';
import { type Transacted, Transactor } from '../../event-store/transact.js';
import { ImageOwners } from '../../images/index.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { EVENT_STORE } from '../../platform/ports.js';
import { type Case, caseStream } from '../case.js';
import type { CaseFacts } from '../conflict-of-interest.js';
import type { CaseEvent } from '../events.js';
import { readCase, readNotedFlagger } from '../queries/case-reading.js';
import { OpenedCases } from '../queries/opened-cases.js';

export type CaseDecision = (state: Case, facts: CaseFacts) => CaseEvent[];

/** Decides on cases; first loads the facts that a decision needs from elsewhere. */
@Injectable()
export class CaseDecisions {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(OpenedCases) private readonly openedCases: OpenedCases,
    @Inject(ImageOwners) private readonly images: ImageOwners,
  ) {}

  /**
   * @param reviewer who wants to review, if the decision is about that
   * @throws GatehouseError what the decision throws; Refusal image-parked
   * @throws StoreUnavailable when it is not known yet whether there is a case, or whose image it is
   */
  async decide(
    caseId: string,
    context: CommandContext,
    decision: CaseDecision,
    reviewer?: string,
  ): Promise<Transacted<Case>> {
    let state = await readCase(this.store, caseId);
    if (state.status === 'none') {
      // The flag may be stored while its case is still to be opened.
      await this.openedCases.caughtUp();
      state = await readCase(this.store, caseId);
    }
    // No more is asked about a case that was not open a moment ago, and then it is decided as of that moment.
    const facts = state.status === 'open' ? await this.factsOf(caseId, reviewer) : undefined;
    return this.transactor.transact(caseStream, caseId, context, (now) =>
      facts ? decision(now, facts) : decision(state, {}),
    );
  }

  private async factsOf(caseId: string, reviewer: string | undefined): Promise<CaseFacts> {
    const [owner, noted] = await Promise.all([
      this.images.ownerOf(caseId),
      reviewer === undefined ? undefined : readNotedFlagger(this.store, caseId, reviewer),
    ]);
    return { owner, notedRound: noted?.round };
  }
}

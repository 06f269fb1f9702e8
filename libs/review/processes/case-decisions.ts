import { Inject, Injectable } from '@nestjs/common';
import { type CommandContext, type Transacted, Transactor } from '../../event-store/transact.js';
import { ImageOwners } from '../../images/index.js';
import { GatehouseError } from '../../kernel/errors.js';
import { type Case, caseStream } from '../case.js';
import type { CaseEvent } from '../events.js';
import { OpenedCases } from '../views/opened-cases.js';

/** A decision on a case, told whose the image is where the case does not know. */
export type CaseDecision = (state: Case, owner?: string) => CaseEvent[];

/** Decides cases, and first lets catch up what a decision has to know: the case's flag and the image's account. */
@Injectable()
export class CaseDecisions {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(OpenedCases) private readonly openedCases: OpenedCases,
    @Inject(ImageOwners) private readonly images: ImageOwners,
  ) {}

  /**
   * @throws GatehouseError what the decision throws
   * @throws StoreUnavailable when whose the image is can't be told for now
   */
  async decide(caseId: string, context: CommandContext, decision: CaseDecision): Promise<Transacted<Case>> {
    const attempt = (owner?: string) =>
      this.transactor.transact(caseStream, caseId, context, (state) => decision(state, owner));
    try {
      return await attempt();
    } catch (error) {
      // The flag may be stored while its case is still to be opened.
      if (codeOf(error) === 'case-unknown' && (await this.openedCases.areUpToDate()))
        return await this.known(caseId, attempt);
      if (codeOf(error) === 'image-owner-unknown') return await attempt(await this.images.ownerOf(caseId));
      throw error;
    }
  }

  private async known(
    caseId: string,
    attempt: (owner?: string) => Promise<Transacted<Case>>,
  ): Promise<Transacted<Case>> {
    try {
      return await attempt();
    } catch (error) {
      if (codeOf(error) !== 'image-owner-unknown') throw error;
      return await attempt(await this.images.ownerOf(caseId));
    }
  }
}

const codeOf = (error: unknown): string | undefined => (error instanceof GatehouseError ? error.code : undefined);

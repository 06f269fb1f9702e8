import { Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { RequestCommand } from '../../context/decision.js';
import { type Load, Transactor } from '../../event-store/transact.js';
import { commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam } from '../../http/field-rules.js';
import { Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import type { Clock } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { CLOCK, SETTINGS } from '../../platform/ports.js';
import { type Case, caseStream } from '../case.js';
import { claimCase } from '../claim-decisions.js';
import { type CaseFacts, CONFLICTS, ownerOf } from '../conflict-of-interest.js';
import { CASE_ID } from '../queries/case-fields.js';
import type { FlagsProgress } from '../queries/flags-ahead.js';
import { isLead, REVIEWERS } from '../queries/reviewing-roles.js';
import { CaseFactsReader } from './case-facts.js';
import { type ClaimAnswer, type Claimed, claimAnswer, claimed } from './claim-answer.js';

export interface ClaimedCase extends Claimed {
  /** The case with the claim. */
  state: Case;
  /** By the image's own record, otherwise as the case has it. */
  accountId: string | undefined;
}

export class ClaimCase extends RequestCommand<ClaimedCase> {
  declare readonly caseId: string;
}

/** What a caller has begun before it claims a case. */
interface Begun {
  progress: Promise<FlagsProgress>;
  /** The claim is decided only after it; whatever it rejects with is thrown. */
  ready: Promise<void>;
}

@CommandHandler(ClaimCase)
export class ClaimCaseHandler implements ICommandHandler<ClaimCase> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(CaseFactsReader) private readonly facts: CaseFactsReader,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  execute({ caseId, context }: ClaimCase): Promise<ClaimedCase> {
    return this.claim(caseId, context);
  }

  async claim(caseId: string, context: CommandContext, { progress, ready }: Partial<Begun> = {}): Promise<ClaimedCase> {
    const reviewer = context.actor.id;
    const by = { caseId, reviewer, isLead: isLead(context.actor), leaseMs: this.settings.claimLeaseMs };
    let facts: CaseFacts = {};
    const result = await this.transactor.transact(
      caseStream,
      caseId,
      context,
      (state, read) => claimCase(state, { ...by, now: this.clock.now() }, read),
      async (load: Load<Case>) => {
        [facts] = await Promise.all([
          this.facts.read(caseId, [reviewer], { load, ...(progress && { progress }) }),
          ready,
        ]);
        return facts;
      },
    );
    return {
      ...commandResult(result),
      claim: result.state.claim!,
      state: result.state,
      accountId: ownerOf(result.state, facts),
    };
  }
}

@Controller('v1/cases')
export class ClaimCaseController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  @Post(':id/claim')
  @HttpCode(200)
  @Roles(...REVIEWERS)
  @Operation('Reserves a case for the caller for a limited time', {
    description:
      'The answer has the fencing token of the claim, which renewing, releasing and judging require. A repeat answers with the same claim.',
    fields: { id: CASE_ID },
    answer: claimAnswer('The case is reserved.'),
    refusals: {
      404: ['case-unknown'],
      409: [
        'case-not-open',
        ...CONFLICTS,
        'skill-needed',
        'severe-content',
        'already-reviewed',
        'awaiting-decision',
        'case-escalated',
        'case-reserved',
        'case-claimed',
        'image-parked',
        'case-parked',
      ],
      503: ['not-caught-up'],
    },
  })
  async claimCase(@Param() { id }: IdParam, @Context() context: Context): Promise<ClaimAnswer> {
    return claimed(id, await this.commands.execute(new ClaimCase().with({ context, caseId: id })));
  }
}

import { Body, Controller, Delete, HttpCode, Param, Post, Query } from '@nestjs/common';
import { IsIn } from 'class-validator';
import { CommandRoute, EditCommand } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import {
  AreLabels,
  IdParam,
  IfGiven,
  IsEntityId,
  IsFlag,
  IsInstant,
  IsInteger,
  IsReason,
  IsSet,
  Means,
} from '../../http/field-rules.js';
import { Condition, Edits, IfMatch } from '../../http/if-match.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { OptionalBody } from '../../http/optional-body.js';
import { Context } from '../../http/request-context.js';
import { InvalidInput } from '../../kernel/errors.js';
import { MAX_PER_WEEK, PHASE_RESTRICTIONS, type PhaseRestriction } from '../../kernel/rollout-limits.js';
import { approveChange, LONGEST_PROPOSAL_DAYS, proposeChange } from '../approvals.js';
import { MOST_CEILING, MOST_PHASE_CLASSES, PHASES } from '../change-events.js';
import { OTHERS } from '../class-plan.js';
import { cancelPlanned, declineChange } from '../end-changes.js';
import { rolloutHandler } from './edited-rollout.js';
import { EFFECTIVE_AT } from './set-rate.js';

/** What every proposal has. */
abstract class Proposal extends EditCommand {
  @IsEntityId('A new id, which the approval names.')
  changeId!: string;

  @IsReason('Why.')
  reason!: string;

  @IfGiven()
  @IsInteger('The rate once more, to confirm a raise by more than the factor of the settings.', 0, MAX_PER_WEEK)
  confirm?: number;

  @IfGiven()
  @IsInstant(EFFECTIVE_AT)
  effectiveAt?: string;

  @IfGiven()
  @IsInstant(`Until when it can be approved, at most ${LONGEST_PROPOSAL_DAYS} days from now; seven days if absent.`)
  expiresAt?: string;
}

export class ProposeChange extends Proposal {
  @IsInteger('Maximum people in any rolling seven days.', 0, MAX_PER_WEEK)
  perWeek!: number;

  @IfGiven()
  @IsFlag('Whether a seventh of the rate is admitted automatically every day; unchanged if absent.')
  daily?: boolean;
}

export class ProposePhase extends Proposal {
  @Means('How people may come in.')
  @IsIn(PHASES)
  phase!: (typeof PHASES)[number];

  @IfGiven()
  @IsInteger('The most people who may come in in total; no ceiling if absent.', 1, MOST_CEILING)
  ceiling?: number;

  @IfGiven()
  @IsSet(1, MOST_PHASE_CLASSES)
  @AreLabels(
    'The classes of the waitlist whose people may come in, by whichever way; all if absent. Also `staff` come in only if they are named.',
  )
  classes?: string[];

  @IfGiven()
  @IsSet(1, PHASE_RESTRICTIONS.length)
  @Means(
    'What is denied to everybody as long as the phase lasts: actions, and sharing photorealistic faces. A switch may suspend more, and lifts nothing of it.',
  )
  @IsIn(PHASE_RESTRICTIONS, { each: true })
  restrictions?: PhaseRestriction[];

  @IfGiven()
  @IsInteger('The rate to set with it; it stays if absent.', 0, MAX_PER_WEEK)
  perWeek?: number;
}

@OptionalBody()
export class ApproveChange extends EditCommand {
  @IfGiven()
  @IsInteger('The proposed rate, to confirm it: needed if the rate was lowered since.', 0, MAX_PER_WEEK)
  confirm?: number;

  declare readonly changeId: string;
}

export class DeclineChange extends EditCommand {
  declare readonly changeId: string;
  declare readonly reason: string;
}

export class CancelPlanned extends EditCommand {
  declare readonly changeId: string;
  declare readonly reason: string;
}

class WhyQuery {
  @IsReason('Why.')
  reason!: string;
}

export const ProposeChangeHandler = rolloutHandler(ProposeChange, (state, given, asking) => {
  const { changeId, perWeek, daily, reason, confirm, effectiveAt, expiresAt } = given;
  return proposeChange(
    state,
    { does: 'set-rate', changeId, perWeek, daily, reason, confirm, effectiveAt, expiresAt },
    asking,
  );
});

export const ProposePhaseHandler = rolloutHandler(ProposePhase, (state, given, asking) => {
  const { phase, ceiling, classes, restrictions, changeId, perWeek, reason, confirm, effectiveAt, expiresAt } = given;
  refuseOthers(classes);
  const named = { phase, ceiling, classes, restrictions };
  const how = { changeId, perWeek, reason, confirm, effectiveAt, expiresAt };
  return proposeChange(state, { does: 'set-phase', ...named, ...how }, asking);
});

/** In a class plan it is what all classes are that the plan does not name; a phase lets in whom it names. @throws InvalidInput */
function refuseOthers(classes: readonly string[] | undefined): void {
  if (!classes?.includes(OTHERS)) return;
  throw new InvalidInput([{ field: '/classes', message: `must name each class; ${OTHERS} is a word of class plans` }]);
}

export const ApproveChangeHandler = rolloutHandler(ApproveChange, (state, { changeId, confirm }, asking) =>
  approveChange(state, { changeId, confirm }, asking),
);

export const DeclineChangeHandler = rolloutHandler(DeclineChange, (state, { changeId, reason }, { by, now }) =>
  declineChange(state, changeId, reason, by, now),
);

export const CancelPlannedHandler = rolloutHandler(CancelPlanned, (state, { changeId, reason }) =>
  cancelPlanned(state, changeId, reason),
);

@Controller('v1/rollout')
export class ProposeChangeController extends CommandRoute {
  @Post('proposals')
  @Edits('/v1/rollout')
  @HttpCode(200)
  @Roles('operator', 'administrator')
  @Operation('Proposes a rate; nothing changes until another person approves it', {
    example: { changeId: 'r-1', perWeek: 5000, confirm: 5000, reason: 'the gate supports it' },
    answer: receipt('Proposed.'),
    refusals: { 409: ['confirmation-needed', 'change-known', 'too-many-proposals'] },
  })
  proposeChange(@Body() proposal: ProposeChange, @Condition() ifMatch: IfMatch, @Context() context: Context) {
    return this.receipt(proposal.with({ context, ifMatch }));
  }

  @Post('phase-proposals')
  @Edits('/v1/rollout')
  @HttpCode(200)
  @Roles('operator', 'administrator')
  @Operation('Proposes a phase of the rollout; nothing changes until another person approves it', {
    description:
      '`preview`: listed cohorts only. `invitations`: by invitation too. `weekly`: cohorts from the line and the schedule too. `open`: who joins is admitted within a minute, in place of the schedule. In every phase the rate, the gate, a pause and the ceiling hold. `classes` names who may come in, `restrictions` what is denied to everybody until the phase ends. It is approved like any other proposal.',
    example: { changeId: 'r-2', phase: 'open', ceiling: 1_000_000, reason: 'as the board decided' },
    answer: receipt('Proposed.'),
    refusals: { 409: ['confirmation-needed', 'change-known', 'too-many-proposals'] },
  })
  proposePhase(@Body() proposal: ProposePhase, @Condition() ifMatch: IfMatch, @Context() context: Context) {
    return this.receipt(proposal.with({ context, ifMatch }));
  }

  @Post('proposals/:id/approval')
  @Edits('/v1/rollout')
  @HttpCode(200)
  @Roles('operator', 'administrator')
  @Operation('Approves a change that another person proposed, as the rollout is now', {
    fields: { id: 'The proposed change.' },
    answer: receipt('Approved: in force, or planned.'),
    refusals: { 404: ['proposal-unknown'], 409: ['same-person', 'confirmation-needed', 'phase-narrowed'] },
  })
  approveChange(
    @Param() { id }: IdParam,
    @Body() approval: ApproveChange,
    @Condition() ifMatch: IfMatch,
    @Context() context: Context,
  ) {
    return this.receipt(approval.with({ context, ifMatch, changeId: id }));
  }

  @Delete('proposals/:id')
  @Edits('/v1/rollout')
  @Roles('operator', 'administrator')
  @Operation('Withdraws a proposal of one’s own, or refuses that of another person; a repeat changes nothing', {
    fields: { id: 'The proposed change.' },
    answer: receipt('It does not wait any more.'),
    refusals: { 404: ['proposal-unknown'], 409: ['change-in-force'] },
  })
  declineChange(
    @Param() { id }: IdParam,
    @Query() { reason }: WhyQuery,
    @Condition() ifMatch: IfMatch,
    @Context() context: Context,
  ) {
    return this.receipt(new DeclineChange().with({ context, ifMatch, changeId: id, reason }));
  }

  @Delete('planned-changes/:id')
  @Edits('/v1/rollout')
  @Roles('operator', 'administrator')
  @Operation('Cancels a planned change before its time; a repeat changes nothing', {
    fields: { id: 'The planned change.' },
    answer: receipt('It takes no effect.'),
    refusals: { 404: ['planned-change-unknown'], 409: ['change-in-force'] },
  })
  cancelPlanned(
    @Param() { id }: IdParam,
    @Query() { reason }: WhyQuery,
    @Condition() ifMatch: IfMatch,
    @Context() context: Context,
  ) {
    return this.receipt(new CancelPlanned().with({ context, ifMatch, changeId: id, reason }));
  }
}

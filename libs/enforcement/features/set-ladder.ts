import { Body, Controller, Inject, Put } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { IsIn } from 'class-validator';
import { CommandRoute, RequestCommand } from '../../context/decision.js';
import { Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { RESTRICTED_ACTIONS, type RestrictedAction } from '../../events/schemas.js';
import { Roles } from '../../http/credentials/route-access.js';
import { AreObjects, IfGiven, IsInteger, IsLabel, IsReason, Means } from '../../http/field-rules.js';
import { Condition, Edits, IfMatch } from '../../http/if-match.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { clausesOfValid, policyStream } from '../../policy/index.js';
import { LadderSet, MAX_DAYS, MAX_ENTRIES, MAX_STEPS, MAX_STRIKES, MEASURES } from '../events.js';
import { type LadderEntry, ladderStream, setLadder } from '../ladder.js';

class LadderStepBody {
  @IsInteger('From how many active strikes on it applies, with the one of this violation.', 1, MAX_STRIKES)
  strikes!: number;

  @Means('`strike` imposes nothing more than the strike; `restrict` denies one action, `suspend` every action.')
  @IsIn(MEASURES)
  measure!: (typeof MEASURES)[number];

  @Means('The action of `restrict`.')
  @IfGiven()
  @IsIn(RESTRICTED_ACTIONS)
  action?: RestrictedAction;

  @IfGiven()
  @IsInteger('For how many days, for `restrict` and `suspend`.', 1, MAX_DAYS)
  days?: number;
}

class LadderEntryBody {
  @IfGiven()
  @IsLabel('The clause of the content policy; absent in the one entry for all other violations.')
  clause?: string;

  @IfGiven()
  @IsInteger('For how many days a strike counts; forever if absent.', 1, MAX_DAYS)
  strikeDays?: number;

  @AreObjects(LadderStepBody, 1, MAX_STEPS, 'By number of strikes, ascending from 1.')
  steps!: LadderStepBody[];
}

/** What a ladder consists of, for a change and for its dry run. */
export abstract class LadderBody<Answer = CommandResult> extends RequestCommand<Answer> {
  @AreObjects(LadderEntryBody, 1, MAX_ENTRIES, 'One for each clause that needs one, and one for all others.')
  entries!: LadderEntryBody[];
}

/** Plain objects in a fixed order of fields, so that equal ladders are equal JSON. */
export const entriesOf = ({ entries }: Pick<LadderBody<unknown>, 'entries'>): LadderEntry[] =>
  entries.map(({ clause, strikeDays, steps }) => ({
    ...(clause !== undefined && { clause }),
    ...(strikeDays !== undefined && { strikeDays }),
    steps: steps.map(({ strikes, measure, action, days }) => ({
      strikes,
      measure,
      ...(action !== undefined && { action }),
      ...(days !== undefined && { days }),
    })),
  }));

export class SetLadder extends LadderBody {
  declare readonly ifMatch: IfMatch;

  @IsReason('The reason, for other operators.')
  reason!: string;
}

/** The clauses of every version of the content policy that was not withdrawn. */
export async function knownClauses(transactor: Transactor): Promise<Set<string>> {
  return clausesOfValid((await transactor.load(policyStream, undefined)).state);
}

@CommandHandler(SetLadder)
export class SetLadderHandler implements ICommandHandler<SetLadder> {
  constructor(@Inject(Transactor) private readonly transactor: Transactor) {}

  async execute(command: SetLadder): Promise<CommandResult> {
    const { reason, ifMatch, context } = command;
    const result = await this.transactor.transact(
      ladderStream,
      undefined,
      context,
      (state, clauses: ReadonlySet<string>) => {
        const events = setLadder(state, { entries: entriesOf(command), reason }, clauses);
        return ifMatch.allow(events, state.versions.at(-1)?.position ?? 0, 'the ladder');
      },
      () => knownClauses(this.transactor),
    );
    return commandResult(result);
  }
}

@Controller('v1/enforcement-ladder')
export class SetLadderController extends CommandRoute {
  @Put()
  @Edits('/v1/enforcement-ladder')
  @Roles('operator', 'administrator')
  @Operation('Sets what confirmed violations lead to, from the position of the answer on', {
    description:
      'Each confirmed violation issues a strike; of the entry of its clause, or else of the entry without a clause, the last step applies whose number of strikes the account has reached, over all clauses. Strikes expire by the clock. A review that was confirmed before keeps the ladder of its position. Try a change with a dry run first.',
    example: LadderSet.example,
    answer: receipt('The ladder is in force.'),
  })
  setLadder(@Body() ladder: SetLadder, @Condition() ifMatch: IfMatch, @Context() context: Context) {
    return this.receipt(ladder.with({ context, ifMatch }));
  }
}

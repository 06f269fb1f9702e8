import { Body, Controller, Inject, Put } from '@nestjs/common';
import { Command, CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { IsBoolean, IsInt, Max, Min } from 'class-validator';
import { Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { MAX_PER_WEEK } from '../../events/schemas.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven } from '../../http/field-rules.js';
import { Context } from '../../http/request-context.js';
import { type WriteReceipt, writeReceipt } from '../../http/write-receipt.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { rolloutStream, setRate } from '../rollout.js';

export class SetRate extends Command<CommandResult> {
  constructor(
    readonly perWeek: number,
    readonly daily: boolean | undefined,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(SetRate)
export class SetRateHandler implements ICommandHandler<SetRate> {
  constructor(@Inject(Transactor) private readonly transactor: Transactor) {}

  async execute({ perWeek, daily, context }: SetRate): Promise<CommandResult> {
    return commandResult(
      await this.transactor.transact(rolloutStream, undefined, context, (state) =>
        setRate(state, perWeek, daily ?? state.daily),
      ),
    );
  }
}

export class SetRateBody {
  /** People in any rolling seven days; 0 admits nobody. */
  @IsInt()
  @Min(0)
  @Max(MAX_PER_WEEK)
  perWeek!: number;

  /** Whether a seventh of the rate is admitted every day by itself; as it was where absent. */
  @IfGiven()
  @IsBoolean()
  daily?: boolean;
}

@Controller('v1/rollout')
export class SetRateController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  /** Sets how many people may be onboarded in any rolling seven days. */
  @Put('rate')
  @Roles('operator', 'administrator')
  async set(@Body() { perWeek, daily }: SetRateBody, @Context() context: CommandContext): Promise<WriteReceipt> {
    return writeReceipt(await this.commands.execute(new SetRate(perWeek, daily, context)));
  }
}

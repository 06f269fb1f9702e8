import { Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Static } from 'typebox';
import { RequestCommand } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { closed, orNull } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { NotFound, Refusal } from '../../kernel/errors.js';
import { HEARERS } from '../queries/appeal-fields.js';
import { WaitingAppeals } from '../queries/waiting-appeals.js';
import {
  AppealClaimAnswer,
  appealClaimExample,
  ClaimAppeal,
  type ClaimedAppeal,
  claimedAppeal,
} from './claim-appeal.js';

type Given = ClaimedAppeal & { appealId: string };

/** The appeal that is due first, or undefined if none waits for this person. */
export class NextAppeal extends RequestCommand<Given | undefined> {}

@CommandHandler(NextAppeal)
export class NextAppealHandler implements ICommandHandler<NextAppeal> {
  constructor(
    @Inject(WaitingAppeals) private readonly waiting: WaitingAppeals,
    @Inject(CommandBus) private readonly commands: CommandBus,
  ) {}

  /** Of two people who ask at once, the appeal's stream gives it to one, and the other goes on to the next. */
  async execute({ context }: NextAppeal): Promise<Given | undefined> {
    for await (const appealId of this.waiting.of(context.actor.id)) {
      try {
        return { ...(await this.commands.execute(new ClaimAppeal().with({ context, appealId }))), appealId };
      } catch (error) {
        // The view lags behind the appeal, or a reason that only claiming finds.
        if (!(error instanceof Refusal || error instanceof NotFound)) throw error;
      }
    }
    return undefined;
  }
}

const NextAppealAnswer = closed({ claim: orNull(AppealClaimAnswer) });
export type NextAppealAnswer = Static<typeof NextAppealAnswer>;

@Controller('v1/appeals')
export class NextAppealController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  @Post('next')
  @HttpCode(200)
  @Roles(...HEARERS)
  @Operation('Claims the appeal that is due first, of those that nobody has claimed and that the caller may hear', {
    description:
      'Two people never get one appeal. A repeat answers with the same one, until the caller decides or releases it. `claim` is null if none waits for the caller.',
    answer: answer('NextAppeal', 'The claim, or null if no appeal waits for the caller.', NextAppealAnswer, {
      claim: appealClaimExample,
    }),
    refusals: { 503: ['not-caught-up'] },
  })
  async nextAppeal(@Context() context: Context): Promise<NextAppealAnswer> {
    const given = await this.commands.execute(new NextAppeal().with({ context }));
    return { claim: given ? claimedAppeal(given.appealId, given) : null };
  }
}

import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Static } from 'typebox';
import { RequestCommand } from '../../context/decision.js';
import { Transactor } from '../../event-store/transact.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IsReason } from '../../http/field-rules.js';
import { closed, oneOf } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { writeReceipt, writeReceiptFields } from '../../http/write-receipt.js';
import { orderClosing } from '../closing-cohort.js';
import { cohortsBeingOnboarded, rolloutStream } from '../rollout.js';

const ClosingAnswer = closed({
  state: oneOf(
    ['closing', 'complete'],
    '`closing`: it is closed within a minute. `complete`: its onboarding is complete, so nothing was left to close.',
  ),
  ...writeReceiptFields,
});
export type ClosingAnswer = Static<typeof ClosingAnswer>;

export class CloseCohort extends RequestCommand<ClosingAnswer> {
  declare readonly cohortId: string;

  @IsReason('The reason, for other operators.')
  reason!: string;
}

@CommandHandler(CloseCohort)
export class CloseCohortHandler implements ICommandHandler<CloseCohort> {
  constructor(@Inject(Transactor) private readonly transactor: Transactor) {}

  async execute({ context, cohortId, reason }: CloseCohort): Promise<ClosingAnswer> {
    const { state, position } = await this.transactor.transact(rolloutStream, undefined, context, (rollout) =>
      orderClosing(rollout, cohortId, reason),
    );
    const isOpen = cohortsBeingOnboarded(state).some((one) => one.cohortId === cohortId);
    return { state: isOpen ? 'closing' : 'complete', ...writeReceipt({ position }) };
  }
}

@Controller('v1/cohorts')
export class CloseCohortController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  @Post(':id/closing')
  @HttpCode(202)
  @Roles('operator', 'administrator')
  @Operation('Closes a cohort with those who are in; changes nothing if its onboarding is complete', {
    description:
      'For a cohort whose people wait (`delayed` of `GET /v1/rollout`). Nobody else comes in with it. It counts with its whole size until the process that onboards has closed it; the people who were left out are in the line as before.',
    fields: { id: 'The cohort.' },
    example: { reason: 'it waits for people onboarded by a wrong clock' },
    answer: answer('CohortClosing', 'It is being closed, or its onboarding is complete.', ClosingAnswer, {
      state: 'closing',
      position: '1043',
    }),
    refusals: { 404: ['cohort-unknown'], 409: ['cohort-of-invitations'] },
  })
  closeCohort(
    @Param() { id }: IdParam,
    @Body() closing: CloseCohort,
    @Context() context: Context,
  ): Promise<ClosingAnswer> {
    return this.commands.execute(closing.with({ cohortId: id, context }));
  }
}

import { Body, Controller, Delete, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { CommandRoute, RequestCommand } from '../../context/decision.js';
import { Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IsReason } from '../../http/field-rules.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { ERASURE_HOLDS, type ErasureHolds } from '../../platform/personal-data/erasure-holds.js';
import { CLOCK, SETTINGS } from '../../platform/ports.js';
import { cancelErasure, erasureStream, requestErasure } from '../erasure.js';

const PERSON = 'The account, or the name of a member of the staff.';
const HOUR_MS = 3_600_000;

export class RequestErasure extends RequestCommand {
  @IsReason('Why. No personal data.')
  reason!: string;

  declare readonly person: string;
}

@CommandHandler(RequestErasure)
export class RequestErasureHandler implements ICommandHandler<RequestErasure> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(ERASURE_HOLDS) private readonly holds: ErasureHolds,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'erasureCoolingHours'>,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** @throws Refusal under-hold; NotCaughtUp if the holds can't be known in time */
  async execute({ person, reason, context }: RequestErasure): Promise<CommandResult> {
    const dueAt = toIso(this.clock.now() + this.settings.erasureCoolingHours * HOUR_MS);
    return commandResult(
      await this.transactor.transact(
        erasureStream,
        person,
        context,
        (state) => requestErasure(state, { person, reason, dueAt }),
        async (load) => {
          // A repeat changes nothing, whatever holds the data now.
          if ((await load()).status === 'none') await this.holds.refuseHeld(person);
        },
      ),
    );
  }
}

export class CancelErasure extends RequestCommand {
  declare readonly person: string;
  declare readonly reason: string;
}

@CommandHandler(CancelErasure)
export class CancelErasureHandler implements ICommandHandler<CancelErasure> {
  constructor(@Inject(Transactor) private readonly transactor: Transactor) {}

  /** @throws NotFound erasure-unknown; Refusal erasure-started */
  async execute({ person, reason, context }: CancelErasure): Promise<CommandResult> {
    return commandResult(
      await this.transactor.transact(erasureStream, person, context, (state, _, changedAt) =>
        cancelErasure(state, changedAt > 0, person, reason),
      ),
    );
  }
}

class CancelQuery {
  @IsReason('Why. No personal data.')
  reason!: string;
}

@Controller('v1/persons')
export class ChangeErasureController extends CommandRoute {
  @Post(':id/erasure')
  @HttpCode(200)
  @Roles('compliance', 'administrator')
  @Operation('Requests that what is stored of a person becomes unreadable, for good; a repeat changes nothing', {
    description:
      'Started once the time of GATEHOUSE_ERASURE_COOLING_HOURS has passed, until when it can be cancelled, and once nothing holds the data. The keys of the person are destroyed then; the log stays as it is.',
    fields: { id: PERSON },
    example: { reason: 'the person asked for it' },
    answer: receipt('Requested.'),
    refusals: { 409: ['under-hold'], 503: ['not-caught-up'] },
  })
  requestErasure(@Param() { id }: IdParam, @Body() request: RequestErasure, @Context() context: Context) {
    return this.receipt(request.with({ context, person: id }));
  }

  @Delete(':id/erasure')
  @Roles('compliance', 'administrator')
  @Operation('Cancels an erasure that was not started; a repeat changes nothing', {
    fields: { id: PERSON },
    answer: receipt('Cancelled.'),
    refusals: { 404: ['erasure-unknown'], 409: ['erasure-started'] },
  })
  cancelErasure(@Param() { id }: IdParam, @Query() { reason }: CancelQuery, @Context() context: Context) {
    return this.receipt(new CancelErasure().with({ context, person: id, reason }));
  }
}

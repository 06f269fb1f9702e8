import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { IsIn } from 'class-validator';
import { CommandRoute, decisionHandler, RequestCommand } from '../../context/decision.js';
import { Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IsEntityId, IsInstant, IsReason, Means } from '../../http/field-rules.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { type Clock, DAY_MS, toIso } from '../../kernel/clock.js';
import { InvalidInput } from '../../kernel/errors.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { CLOCK, SETTINGS } from '../../platform/ports.js';
import { REQUEST_KINDS, REQUEST_OUTCOMES } from '../request-events.js';
import { closeRequest, receiveRequest, requestStream } from '../subject-request.js';

/** How far the clock of who received it may be ahead of ours. */
const CLOCK_SKEW_MS = 60_000;

export class ReceiveRequest extends RequestCommand {
  @IsEntityId('An id for the request; a repeat with it changes nothing.')
  requestId!: string;

  @IsEntityId('Whose data: the account, or the name of a member of the staff.')
  person!: string;

  @Means('What they asked for.')
  @IsIn(REQUEST_KINDS)
  kind!: (typeof REQUEST_KINDS)[number];

  @IsInstant('When it was received (RFC 3339); not in the future.')
  receivedAt!: string;
}

@CommandHandler(ReceiveRequest)
export class ReceiveRequestHandler implements ICommandHandler<ReceiveRequest> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'subjectRequestDays'>,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** @throws InvalidInput for a time in the future; Refusal request-differs */
  async execute({ requestId, person, kind, receivedAt, context }: ReceiveRequest): Promise<CommandResult> {
    if (Date.parse(receivedAt) > this.clock.now() + CLOCK_SKEW_MS)
      throw new InvalidInput([{ field: '/receivedAt', message: 'must not be in the future' }]);
    const dueAt = toIso(Date.parse(receivedAt) + this.settings.subjectRequestDays * DAY_MS);
    const data = { requestId, person, kind, receivedAt, dueAt };
    return commandResult(
      await this.transactor.transact(requestStream, requestId, context, (state) => receiveRequest(state, data)),
    );
  }
}

export class CloseRequest extends RequestCommand {
  @Means('Whether it was done or refused.')
  @IsIn(REQUEST_OUTCOMES)
  outcome!: (typeof REQUEST_OUTCOMES)[number];

  @IsReason('Why, or how. No personal data.')
  reason!: string;

  declare readonly requestId: string;
}

export const CloseRequestHandler = decisionHandler(
  CloseRequest,
  requestStream,
  (state, { requestId, outcome, reason }) => closeRequest(state, { requestId, outcome, reason }),
  ({ requestId }) => requestId,
);

@Controller('v1/subject-requests')
export class KeepRequestsController extends CommandRoute {
  @Post()
  @HttpCode(200)
  @Roles('compliance', 'administrator')
  @Operation('Records that a person asked for their data, its erasure or its correction; a repeat changes nothing', {
    description: 'It is due after GATEHOUSE_SUBJECT_REQUEST_DAYS. Nothing else is done because of it.',
    example: { requestId: 'request-2022-17', person: 'acc-1', kind: 'export', receivedAt: '2022-05-18T09:00:00Z' },
    answer: receipt('Recorded.'),
    refusals: { 409: ['request-differs'] },
  })
  receiveRequest(@Body() request: ReceiveRequest, @Context() context: Context) {
    return this.receipt(request.with({ context }));
  }

  @Post(':id/closing')
  @HttpCode(200)
  @Roles('compliance', 'administrator')
  @Operation('Records how a request was answered; a repeat changes nothing', {
    fields: { id: 'The request.' },
    example: { outcome: 'done', reason: 'sent by post' },
    answer: receipt('Recorded.'),
    refusals: { 404: ['request-unknown'], 409: ['request-closed'] },
  })
  closeRequest(@Param() { id }: IdParam, @Body() closing: CloseRequest, @Context() context: Context) {
    return this.receipt(closing.with({ context, requestId: id }));
  }
}

import { Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { AuditTrail } from '../../audit/index.js';
import { CommandRoute, RequestCommand } from '../../context/decision.js';
import type { CommandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { REVIEWERS } from '../queries/reviewing-roles.js';

export class TakeBreak extends RequestCommand {}

@CommandHandler(TakeBreak)
export class TakeBreakHandler implements ICommandHandler<TakeBreak> {
  constructor(@Inject(AuditTrail) private readonly audit: AuditTrail) {}

  async execute({ context }: TakeBreak): Promise<CommandResult> {
    const event = { type: 'BreakTaken' as const, data: { reviewer: context.actor.id } };
    return { changed: true, position: await this.audit.record(event, context) };
  }
}

@Controller('v1/reviewers')
export class TakeBreakController extends CommandRoute {
  @Post('me/breaks')
  @HttpCode(200)
  @Roles(...REVIEWERS)
  @Operation('Records that the caller takes a break', {
    description:
      'It ends when the caller looks at something again. Release your claim, or hold the case, before a longer one.',
    answer: receipt('The break is recorded.'),
  })
  takeBreak(@Context() context: Context) {
    return this.receipt(new TakeBreak().with({ context }));
  }
}

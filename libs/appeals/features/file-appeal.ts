import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { CommandRoute, RequestCommand } from '../../context/decision.js';
import { Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IfGiven, IsEntityId, IsFlag, IsPersonalText } from '../../http/field-rules.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import type { Clock } from '../../kernel/clock.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { CLOCK, SETTINGS } from '../../platform/ports.js';
import { appealStream } from '../appeal.js';
import { MAX_TEXT } from '../events.js';
import { fileAppeal } from '../filing.js';
import { AppealFactsReader } from './appeal-facts.js';

export class FileAppeal extends RequestCommand {
  declare readonly enforcementId: string;

  @IsPersonalText(MAX_TEXT, 'What the account’s holder writes. Stored encrypted under a key of the account.')
  text!: string;

  @IfGiven()
  @IsFlag(
    'Whether it brings evidence that was not known when the first appeal was decided. Without it, there is no second.',
  )
  hasNewEvidence = false;

  @IfGiven()
  @IsEntityId('The account of the person who appeals: refused if the enforcement is against another one.')
  accountId?: string;
}

@CommandHandler(FileAppeal)
export class FileAppealHandler implements ICommandHandler<FileAppeal> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(AppealFactsReader) private readonly facts: AppealFactsReader,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  async execute({ context, enforcementId, text, hasNewEvidence, accountId }: FileAppeal): Promise<CommandResult> {
    const { appealWindowDays: windowDays, appealDeadlineDays: deadlineDays } = this.settings;
    const filing = { enforcementId, text, hasNewEvidence, accountId, windowDays, deadlineDays };
    return commandResult(
      await this.transactor.transact(
        appealStream,
        enforcementId,
        context,
        (state, facts) => fileAppeal(state, { ...filing, now: this.clock.now() }, facts),
        () => this.facts.forFiling(enforcementId),
      ),
    );
  }
}

@Controller('v1/enforcements')
export class FileAppealController extends CommandRoute {
  @Post(':id/appeals')
  @HttpCode(200)
  @Roles('service')
  @Operation('Files an appeal for the account’s holder, against the measure of a case or of a decision by hand', {
    description:
      'For the service that people log in to. The appeal has the id of the enforcement. It can be filed for GATEHOUSE_APPEAL_WINDOW_DAYS from the order on; a second appeal against one decision needs new evidence. While one is open, a repeat changes nothing.',
    fields: { id: 'The case, or the id of a decision by hand, as GET /v1/enforcements gives it.' },
    example: { text: 'it is a still from my own film', accountId: 'acc-1' },
    answer: receipt('Filed.'),
    refusals: {
      404: ['enforcement-unknown'],
      409: [
        'other-account',
        'enforcement-reversed',
        'case-reopened',
        'enforcement-pending',
        'already-appealed',
        'appeal-window-closed',
      ],
    },
  })
  fileAppeal(@Param() { id }: IdParam, @Body() appeal: FileAppeal, @Context() context: Context) {
    return this.receipt(appeal.with({ context, enforcementId: id }));
  }
}

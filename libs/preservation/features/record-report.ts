import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { CommandRoute, RequestCommand } from '../../context/decision.js';
import type { EventStore } from '../../event-store/event-store.js';
import { Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IsInstant, IsTitle } from '../../http/field-rules.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { ImageOwners } from '../../images/index.js';
import type { Clock } from '../../kernel/clock.js';
import { InvalidInput, NotFound, Refusal } from '../../kernel/errors.js';
import { CLOCK, EVENT_STORE } from '../../platform/ports.js';
import { policyStream } from '../../policy/index.js';
import { CurrentCases, confirmationOf } from '../../review/index.js';
import { preservationStream, recordReport } from '../preservation.js';
import { confirmedHold } from '../queries/confirmed-hold.js';

/** How far the clock of who sent the report may be ahead of ours. */
const CLOCK_SKEW_MS = 60_000;

export class RecordReport extends RequestCommand {
  @IsTitle('Which authority.')
  authority!: string;

  @IsTitle('The reference that the authority gave, or that of the report. No personal data.')
  reference!: string;

  @IsInstant('When the report was sent (RFC 3339); not in the future.')
  sentAt!: string;

  declare readonly caseId: string;
}

@CommandHandler(RecordReport)
export class RecordReportHandler implements ICommandHandler<RecordReport> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(CurrentCases) private readonly cases: CurrentCases,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(ImageOwners) private readonly images: ImageOwners,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * The report is of the account that the confirmation names, if there is one; else the image's own record of its account takes
   * precedence over flags.
   * @throws InvalidInput for a time in the future; NotFound case-unknown
   * @throws Refusal image-owner-unknown, image-parked, report-recorded, report-not-due
   */
  async execute({ caseId, authority, reference, sentAt, context }: RecordReport): Promise<CommandResult> {
    const now = this.clock.now();
    if (Date.parse(sentAt) > now + CLOCK_SKEW_MS) {
      throw new InvalidInput([{ field: '/sentAt', message: 'must not be in the future' }]);
    }
    const [{ state }, confirmation, { state: policies }] = await Promise.all([
      this.cases.find(caseId, context.actor.id),
      confirmationOf(this.store, caseId),
      this.transactor.load(policyStream, undefined),
    ]);
    if (state.status === 'none') {
      throw new NotFound('case-unknown', `there is no case ${caseId}; check the id: a case has the id of its image`);
    }
    const accountId = confirmation?.data.accountId ?? (await this.ownerOf(caseId)) ?? state.accountId;
    if (accountId === undefined) {
      throw new Refusal(
        'image-owner-unknown',
        `the owner of image ${caseId} is unknown, so the report has no account; send its ImageGenerated`,
      );
    }
    const isConfirmed = state.status === 'confirmed' && confirmation !== undefined;
    const isSevere = isConfirmed && confirmedHold(confirmation, policies, now) !== undefined;
    return commandResult(
      await this.transactor.transact(preservationStream, accountId, context, (preservation) =>
        recordReport(preservation, { accountId, caseId, authority, reference, sentAt }, isSevere),
      ),
    );
  }

  /** @throws Refusal image-parked */
  private async ownerOf(imageId: string): Promise<string | undefined> {
    const { owner, isParked } = await this.images.find(imageId);
    if (!isParked) return owner;
    throw new Refusal(
      'image-parked',
      `the owner of image ${imageId} is uncertain since the images view left out an event of it; rebuild that view`,
    );
  }
}

@Controller('v1/cases')
export class RecordReportController extends CommandRoute {
  @Post(':id/authority-reports')
  @HttpCode(200)
  @Roles('lead', 'compliance', 'administrator')
  @Operation('Records that a case was reported to an authority; a repeat changes nothing', {
    description:
      'The report itself is sent outside of Gatehouse. The case is confirmed by a clause of severity 3, or there is a hold because of it or one in force that somebody placed on its account.',
    fields: { id: 'The case.' },
    example: { authority: 'NCMEC', reference: 'CT-2022-1', sentAt: '2022-05-19T12:00:00.000Z' },
    answer: receipt('Recorded.'),
    refusals: {
      404: ['case-unknown'],
      409: ['image-owner-unknown', 'image-parked', 'report-recorded', 'report-not-due'],
      503: ['not-caught-up'],
    },
  })
  recordReport(@Param() { id }: IdParam, @Body() report: RecordReport, @Context() context: Context) {
    return this.receipt(report.with({ context, caseId: id }));
  }
}

import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { IsIn } from 'class-validator';
import { RequestCommand } from '../../context/decision.js';
import type { EventStore } from '../../event-store/event-store.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { positionAt } from '../../event-store/position-at.js';
import { Transactor } from '../../event-store/transact.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsEntityId, IsMoment, IsReason, Means } from '../../http/field-rules.js';
import { momentOf } from '../../http/moment.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import type { Position } from '../../kernel/envelope.js';
import { InvalidInput, PositionGone } from '../../kernel/errors.js';
import { EVENT_STORE } from '../../platform/ports.js';
import { DATASET_NAMES, type DatasetName } from '../events.js';
import { type ExportData, exportStream, makeExport } from '../export.js';
import { Datasets } from '../queries/datasets.js';
import { ExportAnswer, exportAnswer, exportExample } from '../queries/export-answer.js';

export class MakeExport extends RequestCommand<ExportData> {
  @IsEntityId('An id for the export, such as the number of the request; a repeat with it continues the same export.')
  exportId!: string;

  @Means('What to export.')
  @IsIn(DATASET_NAMES)
  dataset!: DatasetName;

  @IfGiven()
  @IsMoment()
  from?: string;

  @IfGiven()
  @IsMoment()
  to?: string;

  @IsReason('Why it is asked for. No personal data.')
  reason!: string;
}

@CommandHandler(MakeExport)
export class MakeExportHandler implements ICommandHandler<MakeExport> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
  ) {}

  /** @throws InvalidInput, PositionGone for the range; Refusal export-differs */
  async execute({ exportId, dataset, from, to, reason, context }: MakeExport): Promise<ExportData> {
    const made = await this.transactor.transact(
      exportStream,
      exportId,
      context,
      (state, range) => makeExport(state, { exportId, dataset, ...range, reason }, context.actor.id),
      () => this.rangeOf(from, to),
    );
    return made.state!.data;
  }

  private async rangeOf(from: string | undefined, to: string | undefined): Promise<{ after: Position; to: Position }> {
    const head = await this.store.head();
    const end = to === undefined ? head : await this.place(to, 'to', head, 0);
    // A position is what its reader has seen already; a time is a beginning.
    const after = from === undefined ? 0 : await this.place(from, 'from', head, 1);
    if (after > end) throw new InvalidInput([{ field: '/from', message: 'must not be after the end of the range' }]);
    return { after, to: end };
  }

  private async place(text: string, field: string, head: Position, earlierMs: number): Promise<Position> {
    const moment = momentOf(text, `/${field}`, this.epoch.current);
    if ('time' in moment) return positionAt(this.store, moment.time - earlierMs);
    if (moment.position > head) throw new PositionGone(text, this.epoch.current);
    return moment.position;
  }
}

@Controller('v1/exports')
export class MakeExportController {
  constructor(
    @Inject(CommandBus) private readonly commands: CommandBus,
    @Inject(Datasets) private readonly datasets: Datasets,
  ) {}

  @Post()
  @HttpCode(200)
  @Roles('compliance', 'administrator')
  @Operation(
    'Begins an export of events, decisions, cases, accounts or content moderation; a repeat answers with the same one',
    {
      description:
        '`from` is the time of the first event or the position before it, `to` the time or the position of the last; by default all events so far. Cases and accounts are those that began in the range, as they were at its end. That somebody exported is an event, which is stored before the first row is given out. GET /v1/exports/{id}/rows has the rows, for who made the export only.',
      example: { exportId: 'audit-2022', dataset: 'decisions', from: '2022-01-01T00:00:00Z', reason: 'yearly audit' },
      answer: answer('Export', 'The export, with its range and columns.', ExportAnswer, exportExample),
      refusals: { 409: ['export-differs'], 410: ['position-gone'] },
    },
  )
  async makeExport(@Body() asked: MakeExport, @Context() context: Context): Promise<ExportAnswer> {
    const made = await this.commands.execute(asked.with({ context }));
    return exportAnswer(made, this.datasets.of(made.dataset));
  }
}

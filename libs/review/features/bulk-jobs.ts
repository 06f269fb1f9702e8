import { Body, Controller, Delete, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { IsIn, ValidateIf } from 'class-validator';
import type { Static } from 'typebox';
import { decisionHandler, RequestCommand } from '../../context/decision.js';
import { Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import {
  IdParam,
  IfGiven,
  IsEntityId,
  IsInstant,
  IsInteger,
  IsLabel,
  IsReason,
  Means,
} from '../../http/field-rules.js';
import { closed, count, orNull, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { writeReceipt, writeReceiptFields } from '../../http/write-receipt.js';
import type { Clock } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { InvalidInput, Refusal } from '../../kernel/errors.js';
import type { Ids } from '../../kernel/ids.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { CLOCK, IDS, SETTINGS } from '../../platform/ports.js';
import { clausesAt, policyStream } from '../../policy/index.js';
import { ViewReader } from '../../projections/view-reader.js';
import { BULK_ACTIONS, MAX_BULK_CASES, UNDOING } from '../bulk-events.js';
import { type BulkJob, bulkJobStream, cancelBulkJob, refuseNotUndoable, startBulkJob, undoingId } from '../bulk-job.js';
import { JOB_ID } from '../queries/bulk-answers.js';
import { BulkCases } from '../queries/bulk-cases.js';
import { MatchingCases } from '../queries/matching-cases.js';
import { LEADS } from '../queries/reviewing-roles.js';
import { queueOf, reviewSettingsStream } from '../queue-rules.js';
import { refuseUnknownClause } from '../refusals.js';
import { bulkCasesView } from '../views/bulk-cases.js';

interface Started extends CommandResult {
  /** Undefined for a preview. */
  jobId?: string;
  matched: number;
}

export class StartBulkJob extends RequestCommand<Started> {
  @ValidateIf(({ compensates }: StartBulkJob) => compensates === undefined)
  @IsIn(BULK_ACTIONS)
  @Means('What is done to each case. Needed unless the job undoes another.')
  action?: (typeof BULK_ACTIONS)[number];

  @IfGiven()
  @IsEntityId('The job whose effects are undone, instead of an action and a query. A job is undone once.')
  compensates?: string;

  @IfGiven()
  @IsLabel('Only cases in this queue.')
  queue?: string;

  @IfGiven()
  @IsLabel('Only cases of which flags name this category.')
  category?: string;

  @IfGiven()
  @IsEntityId('Only cases of this account.')
  account?: string;

  @IfGiven()
  @IsInstant('Only cases that were opened before this time.')
  openedBefore?: string;

  @IfGiven()
  @IsInstant('Only cases that were opened after this time.')
  openedAfter?: string;

  @IfGiven()
  @IsLabel('For confirm: the clause of the content policy that the images violate.')
  clause?: string;

  @IfGiven()
  @IsLabel('For requeue: the queue that is to have them.')
  toQueue?: string;

  @IfGiven()
  @IsInteger(
    'Starts the job if at most so many cases match. Without it, says how many do and starts nothing.',
    0,
    MAX_BULK_CASES,
  )
  atMost?: number;

  @IsReason('Why. No personal data.')
  reason!: string;
}

@CommandHandler(StartBulkJob)
export class StartBulkJobHandler implements ICommandHandler<StartBulkJob> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(MatchingCases) private readonly cases: MatchingCases,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
    @Inject(BulkCases) private readonly changed: BulkCases,
    @Inject(ViewReader) private readonly views: ViewReader,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'decisionWaitMs'>,
  ) {}

  /** @throws Refusal too-many-cases, second-review-needed, clause-unknown; NotFound queue-unknown; InvalidInput */
  async execute(command: StartBulkJob): Promise<Started> {
    const { compensates, atMost, context } = command;
    const job = await (compensates === undefined ? this.deciding(command) : this.undoing(command, compensates));
    const { matched } = job;
    if (atMost === undefined) {
      startBulkJob(bulkJobStream.initial, job);
      return { matched, changed: false, position: 0 };
    }
    if (matched > atMost)
      throw new Refusal('too-many-cases', `${matched} cases match, more than ${atMost}: name a narrower filter`, {
        matched,
      });
    return this.start(job, context);
  }

  private async deciding(command: StartBulkJob): Promise<BulkJob> {
    const { action, clause, toQueue, reason } = command;
    const { state: rules } = await this.transactor.load(reviewSettingsStream, undefined);
    if (toQueue !== undefined) queueOf(rules, toQueue);
    if (action === 'confirm' && rules.sampling.secondReviewOfDeactivations)
      throw new Refusal(
        'second-review-needed',
        'a confirmation may deactivate an account, which needs a second review here: judge these cases one by one',
      );
    if (clause !== undefined) {
      const { state: policies } = await this.transactor.load(policyStream, undefined);
      refuseUnknownClause(clause, { clauses: new Set(clausesAt(policies, this.clock.now()).map(({ id }) => id)) });
    }
    const filter = filterOf(command);
    const matched = await this.cases.count(filter, this.clock.now());
    // Needed unless it undoes another.
    return { jobId: this.ids.next(), action: action!, ...given({ clause, toQueue }), filter, matched, reason };
  }

  /** @throws InvalidInput; as `changedBy` */
  private async undoing(command: StartBulkJob, compensates: string): Promise<BulkJob> {
    const { action, clause, toQueue, reason } = command;
    if (action !== undefined) {
      const message = 'leave it out: with compensates, the job undoes what the other one did';
      throw new InvalidInput([{ field: '/action', message }]);
    }
    const jobId = undoingId(compensates);
    const filter = filterOf(command);
    const matched = await this.changedBy(compensates);
    return { jobId, action: UNDOING, compensates, ...given({ clause, toQueue }), filter, matched, reason };
  }

  private async start(job: BulkJob, context: CommandContext): Promise<Started> {
    const { jobId } = job;
    const started = await this.transactor.transact(bulkJobStream, jobId, context, (state) => startBulkJob(state, job));
    return { jobId, matched: started.state.job!.matched, ...commandResult(started) };
  }

  /** @throws NotFound bulk-job-unknown; Refusal bulk-job-not-undoable, bulk-job-running; NotCaughtUp */
  private async changedBy(jobId: string): Promise<number> {
    const { state, position } = await this.transactor.load(bulkJobStream, jobId);
    refuseNotUndoable(state, jobId);
    await this.views.reached(bulkCasesView, position, this.settings.decisionWaitMs);
    return this.changed.count(jobId);
  }
}

const filterOf = ({ queue, category, account, openedBefore, openedAfter }: BulkJob['filter']): BulkJob['filter'] =>
  given({ queue, category, account, openedBefore, openedAfter });

/** What is given of optional fields. */
const given = <Fields extends object>(fields: Fields): { [Name in keyof Fields]?: NonNullable<Fields[Name]> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields;

export class CancelBulkJob extends RequestCommand {
  declare readonly jobId: string;
  declare readonly reason: string;
}

export const CancelBulkJobHandler = decisionHandler(
  CancelBulkJob,
  bulkJobStream,
  (state, { jobId, reason }) => cancelBulkJob(state, { jobId, reason }),
  ({ jobId }) => jobId,
);

const BulkJobStartedAnswer = closed({
  jobId: orNull(text('The bulk job; null if none was started.')),
  matched: count('Cases that match.'),
  ...writeReceiptFields,
});
export type BulkJobStartedAnswer = Static<typeof BulkJobStartedAnswer>;

export class CancelBulkJobQuery {
  @IsReason('Why. No personal data.')
  reason!: string;
}

@Controller('v1/bulk-jobs')
export class BulkJobsController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  @Post()
  @HttpCode(200)
  @Roles(...LEADS)
  @Operation('Says how many open cases match, or starts a job that takes one decision on each', {
    description:
      'Without `atMost` it only counts. The decision is that of the caller: a case of an image or a flag of theirs refuses, as do cases that somebody has claimed or is to have and those that no longer meet the query and, except for requeue, those that got a flag since, that somebody has judged, or that need more reviewers than one. A repeat starts another job. With `compensates`, the job undoes what that one did, as if it had left the cases out: it reopens what was dismissed with its place in its queue, puts back what was moved, and undoes all that a confirmation has led to. It leaves out a case that anybody has changed since, or whose measure was appealed against. Then a repeat answers with the first.',
    example: {
      action: 'dismiss',
      queue: 'detected',
      category: 'violent',
      atMost: 120,
      reason: 'a detector was wrong',
    },
    answer: answer('BulkJobStarted', 'The number of cases and the job.', BulkJobStartedAnswer, {
      jobId: 'bulk-1',
      matched: 120,
      position: '1044',
    }),
    refusals: {
      404: ['queue-unknown', 'bulk-job-unknown'],
      409: [
        ...['too-many-cases', 'second-review-needed', 'clause-unknown'],
        ...['bulk-job-running', 'bulk-job-not-undoable'],
      ],
      503: ['not-caught-up'],
    },
  })
  async startBulkJob(@Body() job: StartBulkJob, @Context() context: Context): Promise<BulkJobStartedAnswer> {
    const started = await this.commands.execute(job.with({ context }));
    return { jobId: started.jobId ?? null, matched: started.matched, ...writeReceipt(started) };
  }

  @Delete(':id')
  @Roles(...LEADS)
  @Operation('Cancels a bulk job', {
    description: 'What it has done stays; it may finish about a hundred more cases. A repeat changes nothing.',
    fields: { id: JOB_ID },
    answer: receipt('The job is cancelled, or was over.'),
    refusals: { 404: ['bulk-job-unknown'] },
  })
  async cancelBulkJob(
    @Param() { id: jobId }: IdParam,
    @Query() { reason }: CancelBulkJobQuery,
    @Context() context: Context,
  ) {
    return writeReceipt(await this.commands.execute(new CancelBulkJob().with({ context, jobId, reason })));
  }
}

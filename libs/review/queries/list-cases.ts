import { Controller, Get, Inject, Query } from '@nestjs/common';
import { type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { IsIn } from 'class-validator';
import { FromViews } from '../../context/from-views.js';
import { Transactor } from '../../event-store/transact.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsEntityId, IsInstant, IsLabel, Means } from '../../http/field-rules.js';
import { page } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { type Page, PageQuery } from '../../http/paging.js';
import { Context } from '../../http/request-context.js';
import type { Actor } from '../../kernel/envelope.js';
import { InvalidInput } from '../../kernel/errors.js';
import type { Origin } from '../case.js';
import { reviewSettingsStream } from '../queue-rules.js';
import { casesView } from '../views/cases.js';
import { CASE_STATUSES, type CaseStatus, ORIGINS } from './case-fields.js';
import { CaseEntry, CaseQueue, caseEntryExample } from './case-queue.js';
import { REVIEWERS, seesGolden, seesOrigin } from './reviewing-roles.js';

export class ListCases extends PageQuery<Page<CaseEntry>> {
  @Means('The status of the cases; every status by default.')
  @IfGiven()
  @IsIn(CASE_STATUSES)
  status?: CaseStatus;

  @IfGiven()
  @IsLabel('Only cases in this queue.')
  queue?: string;

  @IfGiven()
  @IsLabel('Only cases of which flags name this category; of confirmed ones, with this category.')
  category?: string;

  @IfGiven()
  @IsEntityId('Only cases that this reviewer has claimed or judged, or that are kept for them or due again.')
  reviewer?: string;

  @Means('Only those of the caller, as with `reviewer`.')
  @IfGiven()
  @IsIn(['true'])
  mine?: 'true';

  @IfGiven()
  @IsEntityId(
    'Only cases of this account, by the image’s own record; of those whose flags named another account before it was known, only once they are flagged again or decided.',
  )
  account?: string;

  @IfGiven()
  @IsInstant('Only cases that were opened before this time.')
  openedBefore?: string;

  @IfGiven()
  @IsInstant('Only cases that were opened after this time.')
  openedAfter?: string;

  @Means('Only open cases that are escalated, or only those that are not.')
  @IfGiven()
  @IsIn(['true', 'false'])
  escalated?: 'true' | 'false';

  @Means('Only cases that were opened for this reason; for leads, compliance and administrators only.')
  @IfGiven()
  @IsIn(ORIGINS)
  origin?: Origin;

  declare readonly reader: Actor;
}

@QueryHandler(ListCases)
export class ListCasesHandler implements IQueryHandler<ListCases> {
  constructor(
    @Inject(CaseQueue) private readonly queue: CaseQueue,
    @Inject(Transactor) private readonly transactor: Transactor,
  ) {}

  /** @throws InvalidInput */
  async execute({ reader, limit, cursor, mine, escalated, ...conditions }: ListCases): Promise<Page<CaseEntry>> {
    const { status, queue, category, reviewer, account, openedBefore, openedAfter, origin } = conditions;
    if (origin !== undefined && !seesOrigin(reader)) {
      const message = 'is for leads, compliance and administrators only: leave it out';
      throw new InvalidInput([{ field: '/origin', message }]);
    }
    const filter = {
      ...{ status, queue, category, account, openedBefore, openedAfter, origin },
      isWithoutGolden: !seesGolden(reader),
      reviewer: mine === undefined ? reviewer : reader.id,
      blind: reader.role === 'reviewer' ? reader.id : undefined,
      isEscalated: escalated === undefined ? undefined : escalated === 'true',
    };
    const { state: rules } = await this.transactor.load(reviewSettingsStream, undefined);
    return this.queue.page(reader, filter, { limit, cursor, patienceHours: rules.patienceHours });
  }
}

@Controller('v1/cases')
export class ListCasesController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromViews(casesView)
  @Roles(...REVIEWERS, 'operator', 'compliance', 'service')
  @Operation(
    'Cases: those that wait in the order of their queues if `status` is open or claimed, otherwise the oldest first',
    {
      answer: answer('CasePage', 'A page of cases.', page(CaseEntry, 'The cases.'), { items: [caseEntryExample] }),
    },
  )
  listCases(@Query() query: ListCases, @Context() { actor: reader }: Context): Promise<Page<CaseEntry>> {
    return this.queries.execute(Object.assign(query, { reader }));
  }
}

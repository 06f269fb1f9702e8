import { Controller, Get, Inject, Query } from '@nestjs/common';
import { type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { IsIn } from 'class-validator';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, Means } from '../../http/field-rules.js';
import { page } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { type Page, PageQuery } from '../../http/paging.js';
import { Context } from '../../http/request-context.js';
import type { Actor } from '../../kernel/envelope.js';
import { CASE_STATUSES, type CaseStatus } from './case-fields.js';
import { CaseEntry, CaseQueue, caseEntryExample } from './case-queue.js';
import { REVIEWERS } from './reviewing-roles.js';

export class ListCases extends PageQuery<Page<CaseEntry>> {
  @Means('The status of the cases; every status by default.')
  @IfGiven()
  @IsIn(CASE_STATUSES)
  status?: CaseStatus;

  declare readonly reader: Actor;
}

@QueryHandler(ListCases)
export class ListCasesHandler implements IQueryHandler<ListCases> {
  constructor(@Inject(CaseQueue) private readonly queue: CaseQueue) {}

  execute({ reader, status, limit, cursor }: ListCases): Promise<Page<CaseEntry>> {
    return this.queue.page(reader, status, limit, cursor);
  }
}

@Controller('v1/cases')
export class ListCasesController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @Roles(...REVIEWERS, 'operator', 'compliance', 'service')
  @Operation('Cases in the order of the queue: the oldest first', {
    answer: answer('CasePage', 'A page of cases.', page(CaseEntry, 'The cases.'), { items: [caseEntryExample] }),
  })
  listCases(@Query() query: ListCases, @Context() { actor: reader }: Context): Promise<Page<CaseEntry>> {
    return this.queries.execute(Object.assign(query, { reader }));
  }
}

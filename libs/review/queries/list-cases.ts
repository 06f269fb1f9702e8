import { Controller, Get, Inject, Query } from '@nestjs/common';
import { type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { IsIn, IsString, Matches } from 'class-validator';
import { type Static, Type } from 'typebox';
import { AsOf, FromViews } from '../../context/from-views.js';
import { Transactor } from '../../event-store/transact.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsEntityId, IsInstant, IsLabel, Means } from '../../http/field-rules.js';
import { closed, count, list, page, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { PageQuery } from '../../http/paging.js';
import { Context } from '../../http/request-context.js';
import { imagesView } from '../../images/index.js';
import type { Clock } from '../../kernel/clock.js';
import type { Actor } from '../../kernel/envelope.js';
import { InvalidInput } from '../../kernel/errors.js';
import { CLOCK } from '../../platform/ports.js';
import type { Origin } from '../case.js';
import { reviewSettingsStream } from '../queue-rules.js';
import { casesView } from '../views/cases.js';
import { CaseCountReader } from './case-counting.js';
import { CaseEntries, CaseEntry, caseEntryExample } from './case-entry.js';
import { CASE_STATUSES, type CaseStatus, ORIGINS } from './case-fields.js';
import type { CaseFilter } from './case-filter.js';
import { CASE_SORTS, type CaseSort, ORDERS, type Order, orderOf } from './case-order.js';
import { CaseQueue } from './case-queue.js';
import { MAX_FACET_VALUES } from './case-tally.js';
import { REVIEWERS, seesGolden, seesOrigin } from './reviewing-roles.js';

export class ListCases extends PageQuery<CasePage> {
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

  @Means(
    'By what the cases are listed: `priority` (`status` is open or claimed, or one that is closed), when they were `opened`, or when they last `changed`. By default `priority` if `status` is open or claimed, and otherwise `opened`.',
  )
  @IfGiven()
  @IsIn(CASE_SORTS)
  sort?: CaseSort;

  @Means(
    'The direction of `sort`: by default the most urgent come first, those that were opened first, and those that changed last.',
  )
  @IfGiven()
  @IsIn(ORDERS)
  order?: Order;

  @Means(
    'What the answer has beside the items, separated by commas: `count`, the exact number of cases that match, and `facets`, their numbers by status, queue, category, reviewer, escalation and origin, each without the condition on itself.',
  )
  @IfGiven()
  @IsString()
  @Matches(/^(count|facets)(,(count|facets))?$/, { message: 'must be count, facets, or both with a comma between' })
  include?: string;

  declare readonly reader: Actor;
}

/** What lists of cases need. */
export const CASE_LISTS = [CaseQueue, CaseCountReader, CaseEntries];

const FacetValues = (description: string) =>
  list(closed({ value: text('The value.'), count: count('The number of cases.') }), description);

const CasePage = closed({
  ...page(CaseEntry, 'The cases.').properties,
  count: Type.Optional(count('With `include=count`: the exact number of cases that match.')),
  facets: Type.Optional(
    closed(
      {
        status: FacetValues('By status.'),
        queue: FacetValues('By queue.'),
        category: FacetValues('By the categories that they show; a case with two counts for each.'),
        reviewer: FacetValues(
          'By who has claimed or judged them, or for whom they are kept or due again. A reviewer sees by whom cases were judged that are still open of their own only.',
        ),
        escalated: FacetValues('Of those that wait, by whether they are escalated.'),
        origin: Type.Optional(
          FacetValues('By the reason for which they were opened; for leads, compliance and administrators only.'),
        ),
      },
      `With \`include=facets\`: the number of cases for each value, the most first, of what matches without the condition on that facet. At most ${MAX_FACET_VALUES} values of each.`,
    ),
  ),
});
type CasePage = Static<typeof CasePage>;

@QueryHandler(ListCases)
export class ListCasesHandler implements IQueryHandler<ListCases> {
  constructor(
    @Inject(CaseQueue) private readonly queue: CaseQueue,
    @Inject(CaseCountReader) private readonly counts: CaseCountReader,
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** @throws InvalidInput */
  async execute({ reader, limit, cursor, sort, order, include = '', ...given }: ListCases): Promise<CasePage> {
    const filter = filterOf(given, reader);
    if (sort === 'priority' && filter.status === undefined) {
      const message = 'needs a status: the priority of a case that waits grows, that of a closed one does not';
      throw new InvalidInput([{ field: 'sort', message }]);
    }
    const now = this.clock.now();
    const { state: rules } = await this.transactor.load(reviewSettingsStream, undefined);
    const asked = { limit, cursor, order: orderOf(filter.status, sort, order) };
    const wanted = { count: include.includes('count'), facets: include.includes('facets') };
    const [listed, counted] = await Promise.all([
      this.queue.page(reader, filter, asked, { patienceHours: rules.patienceHours, now }),
      this.counts.of(reader, filter, wanted, now),
    ]);
    return { ...listed, ...counted } as CasePage;
  }
}

type Given = Omit<ListCases, 'reader' | 'limit' | 'cursor' | 'sort' | 'order' | 'include'>;

/** @throws InvalidInput */
function filterOf(given: Given, reader: Actor): CaseFilter {
  const { status, queue, category, reviewer, account, openedBefore, openedAfter, origin, mine, escalated } = given;
  if (origin !== undefined && !seesOrigin(reader)) {
    const message = 'is for leads, compliance and administrators only: leave it out';
    throw new InvalidInput([{ field: '/origin', message }]);
  }
  return {
    ...{ status, queue, category, account, openedBefore, openedAfter, origin },
    isWithoutGolden: !seesGolden(reader),
    reviewer: mine === undefined ? reviewer : reader.id,
    blind: reader.role === 'reviewer' ? reader.id : undefined,
    isEscalated: escalated === undefined ? undefined : escalated === 'true',
  };
}

@Controller('v1/cases')
export class ListCasesController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromViews(casesView)
  @AsOf({ views: [imagesView], notFor: ['reviewer'] })
  @Roles(...REVIEWERS, 'operator', 'compliance', 'service')
  @Operation(
    'Cases: those that wait in the order of their queues if `status` is open or claimed, otherwise the oldest first',
    {
      description:
        'A cursor goes on behind the last case of its page, so cases that don’t change meanwhile are listed once; one that does may be listed again, or not, if its place in the order changes. Counts and facets cost more than a page: ask for them with the first one.',
      answer: answer('CasePage', 'A page of cases.', CasePage, { items: [caseEntryExample], count: 1 }),
    },
  )
  listCases(@Query() query: ListCases, @Context() { actor: reader }: Context): Promise<CasePage> {
    return this.queries.execute(Object.assign(query, { reader }));
  }
}

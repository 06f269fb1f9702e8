import { Controller, Get, Inject, Param, Query as QueryParameters } from '@nestjs/common';
import { type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type pg from 'pg';
import { type Static, Type } from 'typebox';
import { AsOf, FromViews } from '../../context/from-views.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam } from '../../http/field-rules.js';
import { closed, count, flag, instant, list, oneOf, page, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Listing, type Page, PageQuery } from '../../http/paging.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import { CLOCK, POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import type { Span } from '../isolation.js';
import { ISOLATED_KINDS } from '../isolation-events.js';
import { flagsView } from '../views/flags.js';
import { isolationsView } from '../views/isolations.js';
import { IsolatedFlags, MAX_COUNTED } from './isolated-flags.js';
import { LEADS } from './reviewing-roles.js';

export const FLAGGER = 'The account or the detector that flags.';

const IsolatedFlagger = closed({
  flaggedBy: text(FLAGGER),
  flaggerKind: oneOf(ISOLATED_KINDS, 'Whether it is a user or a detector.'),
  isIsolated: flag('Whether what they flag now is kept apart.'),
  since: instant('The time of the first flag of the last time that theirs were kept apart.'),
  until: instant('When that ends, or would have ended if no lead had ended it.'),
  perHour: count('The flags within an hour that the setting allowed.'),
  waiting: count(
    `Flags that are kept apart and were not replayed. They are counted up to ${MAX_COUNTED}: then there may be more.`,
  ),
  position: position('The position of their last change.'),
});
export type IsolatedFlagger = Static<typeof IsolatedFlagger>;

const IsolatedFlagEntry = closed({
  flagId: text('The id of the flag’s event.'),
  imageId: text('The image.'),
  categories: list(Type.String(), 'The categories that the flag names.'),
  flaggedAt: instant('Its time.'),
  isReplayed: flag('Whether it was put into the case of its image after all.'),
  position: position('The position of its event.'),
});
export type IsolatedFlagEntry = Static<typeof IsolatedFlagEntry>;

export class ListIsolatedFlaggers extends PageQuery<Page<IsolatedFlagger>> {}

@QueryHandler(ListIsolatedFlaggers)
export class ListIsolatedFlaggersHandler implements IQueryHandler<ListIsolatedFlaggers> {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(IsolatedFlags) private readonly flags: IsolatedFlags,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ limit, cursor }: ListIsolatedFlaggers): Promise<Page<IsolatedFlagger>> {
    const listing = new Listing('isolated-flaggers');
    const [after] = listing.after(cursor, ['id']) ?? [''];
    const { rows } = await queryView(this.pool, {
      text: `SELECT * FROM ${viewTable(isolationsView)} WHERE flagged_by COLLATE "C" > $1
        ORDER BY flagged_by COLLATE "C" LIMIT $2`,
      values: [after, limit + 1],
    });
    const waiting = await this.flags.waiting(rows.map((row) => row.flagged_by));
    const now = this.clock.now();
    const entry = (row: (typeof rows)[number]): IsolatedFlagger => {
      const last: Span = row.spans.at(-1);
      return {
        flaggedBy: row.flagged_by,
        flaggerKind: row.flagger_kind,
        isIsolated: row.until !== null && now < row.until.getTime(),
        since: toIso(last.since),
        until: toIso(last.until),
        perHour: last.perHour,
        waiting: waiting.get(row.flagged_by) ?? 0,
        position: String(row.position),
      };
    };
    return listing.page(rows, limit, entry, (row) => [row.flagged_by]);
  }
}

export class ListIsolatedFlags extends PageQuery<Page<IsolatedFlagEntry>> {
  declare readonly flaggedBy: string;
}

@QueryHandler(ListIsolatedFlags)
export class ListIsolatedFlagsHandler implements IQueryHandler<ListIsolatedFlags> {
  constructor(@Inject(IsolatedFlags) private readonly flags: IsolatedFlags) {}

  async execute({ flaggedBy, limit, cursor }: ListIsolatedFlags): Promise<Page<IsolatedFlagEntry>> {
    const listing = new Listing('isolated-flags', { flagger: flaggedBy });
    const [after] = listing.after(cursor, ['number']) ?? [0];
    const rows = await this.flags.of(flaggedBy, Number(after), Number.MAX_SAFE_INTEGER, limit + 1);
    const entry = ({ flaggedAt, position: at, ...row }: (typeof rows)[number]): IsolatedFlagEntry => ({
      ...row,
      flaggedAt: toIso(flaggedAt),
      position: String(at),
    });
    return listing.page(rows, limit, entry, (row) => [row.position]);
  }
}

@Controller('v1/isolated-flags')
export class ListIsolatedFlagsController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromViews(isolationsView, flagsView)
  @AsOf()
  @Roles(...LEADS, 'compliance')
  @Operation('Who flagged so much that their flags are or were kept apart', {
    description:
      'Past GATEHOUSE_FLAGS_PER_HOUR, the flags of a user or a detector open and join no cases for GATEHOUSE_ISOLATION_HOURS. None is lost: a lead can replay them.',
    answer: answer('IsolatedFlaggerPage', 'A page of them, by their names.', page(IsolatedFlagger, 'The flaggers.'), {
      items: [
        {
          flaggedBy: 'detector-1',
          flaggerKind: 'detector',
          isIsolated: true,
          since: '2022-05-19T10:00:00.000Z',
          until: '2022-05-20T10:00:00.000Z',
          perHour: 500,
          waiting: 1200,
          position: '1041',
        },
      ],
    }),
  })
  listFlaggers(@QueryParameters() query: ListIsolatedFlaggers): Promise<Page<IsolatedFlagger>> {
    return this.queries.execute(query);
  }

  @Get(':id')
  @FromViews(isolationsView, flagsView)
  @AsOf()
  @Roles(...LEADS, 'compliance')
  @Operation('The flags of somebody that were kept apart, in the order of the log', {
    fields: { id: FLAGGER },
    answer: answer('IsolatedFlagPage', 'A page of flags.', page(IsolatedFlagEntry, 'The flags.'), {
      items: [
        {
          flagId: '0196e0f0-0000-7000-8000-000000000001',
          imageId: 'img-1',
          categories: ['violent'],
          flaggedAt: '2022-05-19T10:00:00.000Z',
          isReplayed: false,
          position: '1040',
        },
      ],
    }),
  })
  listFlags(
    @Param() { id: flaggedBy }: IdParam,
    @QueryParameters() query: ListIsolatedFlags,
  ): Promise<Page<IsolatedFlagEntry>> {
    return this.queries.execute(Object.assign(query, { flaggedBy }));
  }
}

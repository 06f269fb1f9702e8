import { Controller, Get, Inject, Query as QueryParameters } from '@nestjs/common';
import { type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type pg from 'pg';
import { type Static, Type } from 'typebox';
import { AsOf, FromViews } from '../../context/from-views.js';
import { Roles } from '../../http/credentials/route-access.js';
import { closed, count, instant, list, oneOf, orNull, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Listing, PageQuery } from '../../http/paging.js';
import { toIso } from '../../kernel/clock.js';
import { POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import {
  DISREGARD_REASONS,
  type DisregardingUse,
  disregardedDecisionsView,
  MAX_RECORDED,
} from '../views/disregarded-decisions.js';
import { type WithheldShare, withheldImageSharesView } from '../views/withheld-image-shares.js';
import { DISREGARD_COUNTERS } from './disregard-counters.js';
import { MAX_GROUPS } from './groupings.js';

const uses = count('Recorded uses.');

export const DisregardedDecisionsAnswer = closed({
  accounts: count('Accounts with a recorded use that the account was denied.'),
  withheldImages: count('Withheld images with a recorded share.'),
  uses: count(
    `Recorded uses: of each account the first ${MAX_RECORDED}, and one if it never had access; of each withheld image the first ${MAX_RECORDED} shares. A share that the account was denied as well counts for both reasons.`,
  ),
  services: list(closed({ service: text('The source of the events.'), uses }), 'By service, the most first.'),
  reasons: list(closed({ reason: oneOf(DISREGARD_REASONS, 'Why access was denied.'), uses }), 'By reason.'),
  items: list(
    closed({
      accountId: text('The account.'),
      uses: list(
        closed({
          service: text('The source of the event that reported it.'),
          action: oneOf(['generate', 'share'], 'What was done.'),
          imageId: text('The image.'),
          reason: oneOf(DISREGARD_REASONS, 'Why access was denied.'),
          at: instant('When it happened, by the event.'),
          lateMs: orNull(count('How long after the decision was stored, in ms; null if the account never had access.')),
        }),
        'In the order of the log, shares of withheld images last.',
      ),
    }),
    'A page of accounts, by id; for a withheld image, the one that shared it.',
  ),
  nextCursor: Type.Optional(text('Pass it as `cursor` for the next page; absent on the last page.')),
  position: position('The figures include all events up to this position.'),
});
export type DisregardedDecisionsAnswer = Static<typeof DisregardedDecisionsAnswer>;

const example: DisregardedDecisionsAnswer = {
  accounts: 1,
  withheldImages: 0,
  uses: 1,
  services: [{ service: '/image-service', uses: 1 }],
  reasons: [{ reason: 'account-deactivated', uses: 1 }],
  items: [
    {
      accountId: 'acc-1',
      uses: [
        {
          service: '/image-service',
          action: 'generate',
          imageId: 'img-2',
          reason: 'account-deactivated',
          at: '2022-05-19T10:05:00.000Z',
          lateMs: 300_000,
        },
      ],
    },
  ],
  position: '1042',
};

const COUNTERS = `SELECT * FROM (${DISREGARD_COUNTERS}) counters
  WHERE uses > 0 ORDER BY uses DESC, bucket COLLATE "C" LIMIT ${MAX_GROUPS}`;
/** SQL: a page of accounts, with the conditions of the indexes. Withheld images that were shared are few. */
const ACCOUNTS = `
  SELECT account_id, jsonb_agg(uses ORDER BY nth) AS uses FROM (
    (SELECT 1 AS nth, account_id, uses FROM ${viewTable(disregardedDecisionsView)}
     WHERE uses <> '[]'::jsonb AND account_id > $1 ORDER BY account_id LIMIT $2)
    UNION ALL
    (SELECT 2, account_id, jsonb_agg(share ORDER BY share -> 'at', share ->> 'imageId') FROM (
       SELECT share ->> 'accountId' AS account_id, share || jsonb_build_object('imageId', image_id) AS share
       FROM ${viewTable(withheldImageSharesView)}, jsonb_array_elements(shares) share WHERE shares <> '[]'::jsonb
     ) shared WHERE account_id > $1 GROUP BY account_id ORDER BY account_id LIMIT $2)
  ) noted GROUP BY account_id ORDER BY account_id LIMIT $2`;

export class ShowDisregardedDecisions extends PageQuery<Omit<DisregardedDecisionsAnswer, 'position'>> {}

@QueryHandler(ShowDisregardedDecisions)
export class ShowDisregardedDecisionsHandler implements IQueryHandler<ShowDisregardedDecisions> {
  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  async execute({ limit, cursor }: ShowDisregardedDecisions): Promise<Omit<DisregardedDecisionsAnswer, 'position'>> {
    const listing = new Listing('accounts-that-disregard');
    const after = listing.after(cursor, ['id'])?.[0] ?? '';
    const { rows } = await queryView(this.pool, { text: ACCOUNTS, values: [after, limit + 1] });
    const counters = (await queryView(this.pool, { text: COUNTERS })).rows;
    const all = counters.find(({ bucket }) => bucket === 'all');
    const by = (prefix: string) =>
      counters
        .filter(({ bucket }) => bucket.startsWith(prefix))
        .map((row) => ({ name: row.bucket.slice(prefix.length), uses: row.uses as number }));
    return {
      accounts: all?.accounts ?? 0,
      withheldImages: all?.images ?? 0,
      uses: all?.uses ?? 0,
      services: by('service:').map(({ name: service, ...counted }) => ({ service, ...counted })),
      reasons: by('reason:').map(({ name: reason, ...counted }) => ({ reason, ...counted })),
      ...listing.page(rows, limit, toItem, ({ account_id }) => [account_id]),
    };
  }
}

type Noted = DisregardingUse | (WithheldShare & { imageId: string });

const toItem = ({ account_id, uses: noted }: { account_id: string; uses: Noted[][] }) => ({
  accountId: account_id,
  uses: noted.flat().map(({ service, imageId, at, lateMs, ...use }) => ({
    service,
    action: 'action' in use ? use.action : ('share' as const),
    imageId,
    reason: 'reason' in use ? use.reason : ('image-withheld' as const),
    at: toIso(at),
    lateMs,
  })),
});

@Controller('v1/metrics/disregarded-decisions')
export class DisregardedDecisionsController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromViews(disregardedDecisionsView, withheldImageSharesView)
  @AsOf()
  @Roles('lead', 'operator', 'compliance', 'administrator')
  @Operation('What services did although it was denied: generated or shared images, and how late', {
    description:
      'A use counts if its event says that it happened more than a minute after the decision was stored, or if the account was not onboarded or had accepted no content policy when it was stored. One of an account whose acceptance is outdated counts if it happened more than a minute after the end of the grace period, once for each version in force. A share of an image counts if it happened more than a minute after the image’s withholding was stored.',
    answer: answer('DisregardedDecisions', 'The uses.', DisregardedDecisionsAnswer, example),
  })
  showDisregardedDecisions(
    @QueryParameters() query: ShowDisregardedDecisions,
  ): Promise<Omit<DisregardedDecisionsAnswer, 'position'>> {
    return this.queries.execute(query);
  }
}

import { Controller, Get, Inject, Param } from '@nestjs/common';
import { type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { type Static, Type } from 'typebox';
import { AsOf, FromLog } from '../../context/from-views.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { Transactor } from '../../event-store/transact.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdQuery } from '../../http/field-rules.js';
import { entityTagOf } from '../../http/if-match.js';
import { closed, list, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { profilesOf } from './reviewer-profile.js';
import { LEADS } from './reviewing-roles.js';

const ReviewerAnswer = closed({
  reviewer: text('The reviewer.'),
  skills: list(
    Type.String(),
    'The skills that queues may need, and `severe`, without which nobody may claim the most severe cases.',
  ),
  languages: list(Type.String(), 'The languages that queues may need.'),
  accounts: list(Type.String(), 'The accounts to which the reviewer is linked, whose images they don’t review.'),
  etag: text('Also the header `ETag`. Send it as `If-Match` to change this only if nobody has changed it since.'),
  position: position('The position of the last change; 0 if nothing is recorded.'),
});
export type ReviewerAnswer = Static<typeof ReviewerAnswer>;

export class ShowReviewer extends IdQuery<ReviewerAnswer> {}

@QueryHandler(ShowReviewer)
export class ShowReviewerHandler implements IQueryHandler<ShowReviewer> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
  ) {}

  async execute({ id: reviewer }: ShowReviewer): Promise<ReviewerAnswer> {
    const [profile] = await profilesOf(this.transactor, [reviewer]);
    const { state, changedAt } = profile!;
    return {
      reviewer,
      skills: [...state.skills].sort(),
      languages: [...state.languages].sort(),
      accounts: [...state.accounts].sort(),
      etag: entityTagOf(changedAt, this.epoch.current),
      position: String(changedAt),
    };
  }
}

@Controller('v1/reviewers')
export class ShowReviewerController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get(':id')
  @FromLog()
  @AsOf()
  @Roles(...LEADS, 'compliance')
  @Operation('The skills and languages of a reviewer, and the accounts to which they are linked', {
    description: 'Of a reviewer of whom nothing is recorded, nothing is listed.',
    fields: { id: 'The reviewer.' },
    answer: answer('Reviewer', 'The reviewer.', ReviewerAnswer, {
      reviewer: 'rev-1',
      skills: ['severe'],
      languages: ['cy', 'en'],
      accounts: ['acc-1'],
      etag: '"9c1f03ab55d2-1042"',
      position: '1042',
    }),
  })
  showReviewer(@Param() query: ShowReviewer): Promise<ReviewerAnswer> {
    return this.queries.execute(query);
  }
}

import { Controller, Get, Inject, Param } from '@nestjs/common';
import { type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type { Static } from 'typebox';
import { AsOf, FromLog } from '../../context/from-views.js';
import type { EventStore } from '../../event-store/event-store.js';
import { isOf, type RecordedOf } from '../../events/event-definition.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdQuery } from '../../http/field-rules.js';
import { closed, count, instant, list, oneOf, orNull, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { toIso } from '../../kernel/clock.js';
import { belongsTo, foldRecorded } from '../../kernel/decider.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { EVENT_STORE, SETTINGS } from '../../platform/ports.js';
import { LANGUAGES, NoticeDelivered, type NoticeFailed, NoticeQueued } from '../events.js';
import { type NoticeState, noticeStream, refuseUnknown } from '../notice.js';
import { messageOf } from '../templates/message.js';
import { linksOf } from '../templates/template.js';
import { noticeExample, noticeFields } from './list-notices.js';

export const NoticeAnswer = closed({
  ...noticeFields,
  language: oneOf(LANGUAGES, 'The language of the text.'),
  subject: text('The subject.'),
  text: text('What the person reads. It is the same for all with this outcome, and has no personal data.'),
  history: list(
    closed({
      position: position('Place in the log.'),
      type: text('Type of the event.'),
      time: instant('When it happened.'),
      attempt: orNull(count('The number of the attempt.')),
      error: orNull(text('Why it failed.')),
      retryAt: orNull(instant('When it is retried.')),
    }),
    'What became of it, oldest first.',
  ),
});
export type NoticeAnswer = Static<typeof NoticeAnswer>;

export class ShowNotice extends IdQuery<NoticeAnswer> {}

/** Reads the stream itself, so that it is exact at the moment of the request. */
@QueryHandler(ShowNotice)
export class ShowNoticeHandler implements IQueryHandler<ShowNotice> {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  async execute({ id }: ShowNotice): Promise<NoticeAnswer> {
    const events = await this.store.readStream(`${noticeStream.category}-${id}`);
    const state: NoticeState = foldRecorded(noticeStream, events);
    refuseUnknown(state, id);
    const { status, notice, attempts, dueAt } = state;
    const own = events.filter((event) => belongsTo(noticeStream, event));
    const last = own.at(-1)!;
    const { accountId, role, channel, kind, outcome, enforcementId, caseId, language } = notice;
    return {
      ...{ noticeId: id, accountId, role, channel, kind, outcome, status, attempts, language },
      enforcementId: enforcementId ?? null,
      caseId: caseId ?? null,
      queuedAt: own.find((event) => isOf(NoticeQueued, event))!.metadata.time,
      dueAt: toIso(dueAt),
      deliveredAt: isOf(NoticeDelivered, last) ? last.metadata.time : null,
      error: failureIn(last.data).error,
      ...messageOf(notice, linksOf(this.settings)),
      history: own.map(({ position: place, type, metadata, data }) => ({
        position: String(place),
        type,
        time: metadata.time,
        ...failureIn(data),
      })),
      position: String(events.at(-1)!.position),
    };
  }
}

function failureIn(data: object) {
  const { attempt = null, error = null, retryAt = null } = data as Partial<RecordedOf<typeof NoticeFailed>['data']>;
  return { attempt, error, retryAt };
}

const example: NoticeAnswer = {
  ...noticeExample,
  language: 'en',
  subject: 'A decision about your account',
  text: 'Your account was deactivated.\n',
  history: [
    {
      position: '1059',
      type: 'NoticeQueued',
      time: '2022-05-19T10:20:00.009Z',
      ...{ attempt: null, error: null, retryAt: null },
    },
  ],
};

@Controller('v1/notices')
export class ShowNoticeController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get(':id')
  @FromLog()
  @AsOf()
  @Roles('operator', 'compliance', 'administrator')
  @Operation('A notice, its text, and each attempt to send it', {
    fields: { id: 'The notice.' },
    answer: answer('Notice', 'The notice.', NoticeAnswer, example),
    refusals: { 404: ['notice-unknown'] },
  })
  showNotice(@Param() query: ShowNotice): Promise<NoticeAnswer> {
    return this.queries.execute(query);
  }
}

import { Controller, Get, Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type { Static } from 'typebox';
import { AsOf, FromLog } from '../../context/from-views.js';
import type { EventStore } from '../../event-store/event-store.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { isOf } from '../../events/event-definition.js';
import { Roles } from '../../http/credentials/route-access.js';
import { entityTagOf } from '../../http/if-match.js';
import { closed, flag, list, orNull, position } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { foldRecorded } from '../../kernel/decider.js';
import { EVENT_STORE } from '../../platform/ports.js';
import { LadderSet } from '../events.js';
import { ladderStream, unreadableLadder } from '../ladder.js';
import { entryAnswer, etagField, LadderEntryAnswer, LadderHistory } from './ladder-answer.js';

export const LadderAnswer = closed({
  isDefault: flag('Nobody has set a ladder: every confirmed violation deactivates the account.'),
  entries: list(LadderEntryAnswer, 'The ladder in force; empty for the default.'),
  unreadable: orNull(
    position('The place of an event that can’t be read, because of which every confirmed violation deactivates.'),
  ),
  etag: etagField,
  position: position('The position of its last event; 0 without one.'),
  history: LadderHistory,
});
export type LadderAnswer = Static<typeof LadderAnswer>;

export class ShowLadder extends Query<LadderAnswer> {}

@QueryHandler(ShowLadder)
export class ShowLadderHandler implements IQueryHandler<ShowLadder> {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
  ) {}

  async execute(): Promise<LadderAnswer> {
    const events = await this.store.readStream(ladderStream.category);
    const ladder = foldRecorded(ladderStream, events);
    const last = ladder.versions.at(-1);
    const unreadable = unreadableLadder(ladder);
    const set = events.filter((event) => isOf(LadderSet, event));
    return {
      isDefault: last === undefined || (last.entries.length === 0 && unreadable === undefined),
      entries: (last?.entries ?? []).map(entryAnswer),
      unreadable: unreadable === undefined ? null : String(unreadable),
      etag: entityTagOf(last?.position ?? 0, this.epoch.current),
      position: String(events.at(-1)?.position ?? 0),
      history: set.map(({ data, metadata, position: place }) => ({
        position: String(place),
        time: metadata.time,
        actor: metadata.actor,
        reason: data.reason,
        entries: data.entries.map(entryAnswer),
      })),
    };
  }
}

const example: LadderAnswer = {
  isDefault: true,
  entries: [],
  unreadable: null,
  etag: '"9c1f03ab55d2-0"',
  position: '0',
  history: [],
};

@Controller('v1/enforcement-ladder')
export class ShowLadderController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromLog()
  @AsOf()
  @Roles('operator', 'administrator', 'lead', 'reviewer', 'compliance')
  @Operation('What confirmed violations lead to, and every earlier version of it', {
    answer: answer('EnforcementLadder', 'The ladder.', LadderAnswer, example),
  })
  showLadder(): Promise<LadderAnswer> {
    return this.queries.execute(new ShowLadder());
  }
}

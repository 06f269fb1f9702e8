import { Controller, Get, Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { type Static, Type } from 'typebox';
import { FromLog } from '../../context/from-views.js';
import type { EventStore } from '../../event-store/event-store.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { isOf } from '../../events/event-definition.js';
import { Roles } from '../../http/credentials/route-access.js';
import { entityTagOf } from '../../http/if-match.js';
import {
  actor,
  closed,
  flag,
  instant,
  list,
  oneOf,
  orNull,
  position,
  text,
} from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { foldRecorded } from '../../kernel/decider.js';
import { EVENT_STORE } from '../../platform/ports.js';
import { type MappingEntry, mappingStream } from '../mapping.js';
import { GROUNDS, StatementMappingSet } from '../mapping-events.js';
import { gapFields, MappingGaps } from './mapping-gaps.js';

const MappingEntryAnswer = closed({
  clause: orNull(text('The clause; null for decisions that name none.')),
  category: text('The category.'),
  keywords: list(Type.String(), 'The keywords.'),
  otherKeyword: orNull(text('What `KEYWORD_OTHER` means.')),
  ground: oneOf(GROUNDS, 'Whether such content is illegal, or incompatible with the terms.'),
  legalGround: orNull(text('The law.')),
  isAlsoIllegal: orNull(flag('Whether it is illegal too.')),
  explanation: orNull(text('Why; null: the text of the clause says so.')),
});

export const MappingAnswer = closed({
  entries: list(MappingEntryAnswer, 'The mapping in force; empty if nobody has set one.'),
  ...gapFields,
  etag: text('Also the header `ETag`. Send it as `If-Match` to change the mapping only if nobody has done so since.'),
  position: position('The position of its last event; 0 without one.'),
  history: list(
    closed({
      position: position('The position.'),
      time: instant('When it was set.'),
      actor,
      reason: text('Why.'),
      entries: list(MappingEntryAnswer, 'The mapping.'),
    }),
    'Every mapping that was set, oldest first.',
  ),
});
export type MappingAnswer = Static<typeof MappingAnswer>;

export class ShowMapping extends Query<MappingAnswer> {}

@QueryHandler(ShowMapping)
export class ShowMappingHandler implements IQueryHandler<ShowMapping> {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
    @Inject(MappingGaps) private readonly gaps: MappingGaps,
  ) {}

  async execute(): Promise<MappingAnswer> {
    const events = await this.store.readStream(mappingStream.category);
    const mapping = foldRecorded(mappingStream, events);
    const set = events.filter((event) => isOf(StatementMappingSet, event));
    return {
      entries: mapping.entries.map(entryAnswer),
      ...(await this.gaps.of(mapping)),
      etag: entityTagOf(mapping.position, this.epoch.current),
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

const entryAnswer = (entry: MappingEntry): MappingAnswer['entries'][number] => ({
  clause: entry.clause ?? null,
  category: entry.category,
  keywords: entry.keywords ?? [],
  otherKeyword: entry.otherKeyword ?? null,
  ground: entry.ground,
  legalGround: entry.legalGround ?? null,
  isAlsoIllegal: entry.isAlsoIllegal ?? null,
  explanation: entry.explanation ?? null,
});

const example: MappingAnswer = {
  entries: StatementMappingSet.example.entries.map(entryAnswer),
  unmapped: ['spam'],
  unknown: [],
  waiting: [{ clause: 'spam', statements: 3 }],
  etag: '"9c1f03ab55d2-17"',
  position: '17',
  history: [],
};

@Controller('v1/statement-mapping')
export class ShowMappingController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromLog()
  @Roles('operator', 'compliance', 'administrator')
  @Operation('What statements of reasons say of each clause, which clauses have no entry, and every earlier version', {
    answer: answer('StatementMapping', 'The mapping.', MappingAnswer, example),
  })
  showMapping(): Promise<MappingAnswer> {
    return this.queries.execute(new ShowMapping());
  }
}

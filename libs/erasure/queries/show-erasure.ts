import { Controller, Get, Inject, Param } from '@nestjs/common';
import { type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type { Static } from 'typebox';
import { FromLog } from '../../context/from-views.js';
import type { EventStore } from '../../event-store/event-store.js';
import { isOf } from '../../events/event-definition.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdQuery } from '../../http/field-rules.js';
import {
  closed,
  count,
  flag,
  history,
  instant,
  list,
  oneOf,
  orNull,
  position,
  text,
} from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { belongsTo, foldRecorded } from '../../kernel/decider.js';
import { Refusal } from '../../kernel/errors.js';
import type { Pool } from '../../platform/database/database.js';
import { ERASURE_HOLDS, type ErasureHolds } from '../../platform/personal-data/erasure-holds.js';
import { PersonKeys } from '../../platform/personal-data/person-keys.js';
import { EVENT_STORE, POOL } from '../../platform/ports.js';
import { processesWithKeys } from '../../platform/process/living-processes.js';
import { erasureStream, unknown } from '../erasure.js';
import { PersonalDataErased } from '../events.js';

export const ErasureAnswer = closed({
  person: text('The account, or the name of a member of the staff.'),
  status: oneOf(['none', 'requested', 'started', 'erased'], 'How far it is; `none` after it was cancelled.'),
  reason: orNull(text('Why it was requested.')),
  dueAt: orNull(instant('When it is to be started.')),
  hold: orNull(text('What keeps the data from being erased; null if nothing does.')),
  isKeyDestroyed: flag('Whether the key of the person is destroyed.'),
  waitingFor: list(text('A process, as `host:pid`.'), 'The processes that have not dropped the keys yet.'),
  keyEpoch: orNull(count('The epoch of the key store that has the keys no more; null while it is not complete.')),
  erasedAt: orNull(instant('When it was complete.')),
  backupsExpireAt: orNull(instant('When the last backup that may have the keys has expired.')),
  databaseBackupsExpireAt: orNull(
    instant(
      'When the last backup of the database from before its keys were moved out of it has expired; null if none has them.',
    ),
  ),
  history,
  position: position('Of the last event of the erasure.'),
});
export type ErasureAnswer = Static<typeof ErasureAnswer>;

export class ShowErasure extends IdQuery<ErasureAnswer> {}

/** Reads the stream itself, so that it is exact at the moment of the request. */
@QueryHandler(ShowErasure)
export class ShowErasureHandler implements IQueryHandler<ShowErasure> {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(POOL) private readonly pool: Pool,
    @Inject(PersonKeys) private readonly keys: PersonKeys,
    @Inject(ERASURE_HOLDS) private readonly holds: ErasureHolds,
  ) {}

  /** @throws NotFound erasure-unknown */
  async execute({ id }: ShowErasure): Promise<ErasureAnswer> {
    const events = await this.store.readStream(`${erasureStream.category}-${id}`);
    const { status, reason, dueAt } = foldRecorded(erasureStream, events);
    const own = events.filter((event) => belongsTo(erasureStream, event));
    if (own.length === 0) throw unknown(id);
    const done = own.findLast((event) => isOf(PersonalDataErased, event));
    const isStarted = status === 'started';
    const living = isStarted ? await processesWithKeys(this.pool) : [];
    const behind = living.filter(({ keyEpoch }) => keyEpoch === null || keyEpoch < this.keys.store.epoch);
    return {
      person: id,
      status,
      reason: reason ?? null,
      dueAt: dueAt ?? null,
      hold: status === 'requested' ? await this.holdOn(id) : null,
      isKeyDestroyed: await this.keys.isForgotten(id),
      waitingFor: behind.map(({ host, pid }) => `${host}:${pid}`),
      keyEpoch: done ? (done.data.keyEpoch as number) : null,
      erasedAt: done?.metadata.time ?? null,
      backupsExpireAt: done ? (done.data.backupsExpireAt as string) : null,
      databaseBackupsExpireAt: (done?.data.databaseBackupsExpireAt as string | undefined) ?? null,
      history: own.map(({ position: place, type, metadata }) => ({
        position: String(place),
        type,
        time: metadata.time,
        actor: metadata.actor,
      })),
      position: String(events.at(-1)!.position),
    };
  }

  private holdOn = (person: string): Promise<string | null> =>
    this.holds.refuseHeld(person).then(
      () => null,
      (error) => {
        if (error instanceof Refusal) return error.message;
        throw error;
      },
    );
}

const example: ErasureAnswer = {
  person: 'acc-1',
  status: 'requested',
  reason: 'the person asked for it',
  dueAt: '2022-05-21T10:20:00.000Z',
  hold: null,
  isKeyDestroyed: false,
  waitingFor: [],
  keyEpoch: null,
  erasedAt: null,
  backupsExpireAt: null,
  databaseBackupsExpireAt: null,
  history: [
    {
      position: '1059',
      type: 'ErasureRequested',
      time: '2022-05-18T10:20:00.000Z',
      actor: { kind: 'user', id: 'carol', role: 'compliance' },
    },
  ],
  position: '1059',
};

@Controller('v1/persons')
export class ShowErasureController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get(':id/erasure')
  @FromLog()
  @Roles('compliance', 'administrator')
  @Operation('How far the erasure of a person’s data is', {
    fields: { id: 'The account, or the name of a member of the staff.' },
    answer: answer('Erasure', 'The erasure.', ErasureAnswer, example),
    refusals: { 404: ['erasure-unknown'], 503: ['not-caught-up'] },
  })
  showErasure(@Param() query: ShowErasure): Promise<ErasureAnswer> {
    return this.queries.execute(query);
  }
}

import { Controller, Get, Inject } from '@nestjs/common';
import { Query as BusQuery, type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type { Static } from 'typebox';
import { FromLog } from '../../context/from-views.js';
import { Transactor } from '../../event-store/transact.js';
import { Roles } from '../../http/credentials/route-access.js';
import { closed, count, instant, list, oneOf, orNull, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import type { Pool } from '../../platform/database/database.js';
import { PersonKeys } from '../../platform/personal-data/person-keys.js';
import { POOL } from '../../platform/ports.js';
import { processesWithKeys } from '../../platform/process/living-processes.js';
import { rootKeyStream } from '../root-key.js';

const RootKeyAnswer = closed({
  status: oneOf(
    ['in-use', 'rotating'],
    'Whether it is to be replaced; `rotating` until every living process uses the new one.',
  ),
  keeper: oneOf(['setting', 'file', 'program'], 'What keeps it.'),
  since: orNull(instant('Since when it is in use; null if an earlier version made the key store.')),
  keyEpoch: count('The epoch of the key store that this process has seen.'),
  waitingFor: list(text('A process, as `host:pid`.'), 'While it rotates: the processes that are behind this epoch.'),
  position: position('Of the last event of the root key; 0 for none.'),
});
export type RootKeyAnswer = Static<typeof RootKeyAnswer>;

export class ShowRootKey extends BusQuery<RootKeyAnswer> {}

/** Reads the stream itself, so that it is exact at the moment of the request. */
@QueryHandler(ShowRootKey)
export class ShowRootKeyHandler implements IQueryHandler<ShowRootKey> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(POOL) private readonly pool: Pool,
    @Inject(PersonKeys) private readonly keys: PersonKeys,
  ) {}

  async execute(): Promise<RootKeyAnswer> {
    const { state, position: reached } = await this.transactor.load(rootKeyStream, undefined);
    const isRotating = state.rotationId !== undefined;
    const { epoch, rootKey } = this.keys.store;
    const living = isRotating ? await processesWithKeys(this.pool) : [];
    const behind = living.filter(({ keyEpoch }) => keyEpoch === null || keyEpoch < epoch);
    return {
      status: isRotating ? 'rotating' : 'in-use',
      keeper: rootKey.keeper,
      since: rootKey.since ?? null,
      keyEpoch: epoch,
      waitingFor: behind.map(({ host, pid }) => `${host}:${pid}`),
      position: String(reached),
    };
  }
}

@Controller('v1/root-key')
export class ShowRootKeyController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromLog()
  @Roles('compliance', 'administrator')
  @Operation('The root key, which encrypts the key store: since when it is in use, and whether it is being replaced', {
    answer: answer('RootKey', 'The root key.', RootKeyAnswer, {
      status: 'in-use',
      keeper: 'file',
      since: '2022-05-18T09:00:00.000Z',
      keyEpoch: 12,
      waitingFor: [],
      position: '1060',
    }),
  })
  showRootKey(): Promise<RootKeyAnswer> {
    return this.queries.execute(new ShowRootKey());
  }
}

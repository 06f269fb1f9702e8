import { type DynamicModule, Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { CommandBus, CqrsModule } from '@nestjs/cqrs';
import { Catalogue } from '../../libs/context/catalogue.js';
import type { Context } from '../../libs/context/context.js';
import { ViewPositions } from '../../libs/context/from-views.js';
import { OwnEventIds } from '../../libs/event-store/event-identity.js';
import { Transactor } from '../../libs/event-store/transact.js';
import { EventSchemas } from '../../libs/events/event-schemas.js';
import { ChangeNaming } from '../../libs/http/change-naming.js';
import { EntityTags } from '../../libs/http/entity-tags.js';
import { EVERYWHERE, HttpModule } from '../../libs/http/http.module.js';
import { API_DESCRIPTION } from '../../libs/http/openapi/api-description.js';
import { ApiDocuments } from '../../libs/http/openapi/api-documents.js';
import { Ingest } from '../../libs/ingest/ingest.js';
import { Quarantine } from '../../libs/ingest/quarantine.js';
import { AddressHashes } from '../../libs/platform/personal-data/address-hashes.js';
import { EVENT_STORE, POOL } from '../../libs/platform/ports.js';
import { Rebuilder } from '../../libs/projections/rebuilder.js';
import { ViewReader } from '../../libs/projections/view-reader.js';
import { LogTail } from '../../libs/subscriptions/log-tail.js';
import type { Runtime } from '../composition/runtime.js';
import { apiDescription } from './api-description.js';

/** A context's handlers, controllers and services; its services are injected in other contexts, too. */
@Module({})
class ContextModule {
  static of({ commands = [], routes = [], services = [] }: Context): DynamicModule {
    const controllers = routes.flatMap((group) => group.controllers).filter((one) => !EVERYWHERE.includes(one));
    return {
      module: ContextModule,
      global: true,
      controllers,
      providers: [...commands, ...services],
      exports: [...services],
    };
  }
}

/** Every HTTP endpoint and every handler, over an opened runtime. */
@Module({})
export class GatewayModule {
  static with(runtime: Runtime): DynamicModule {
    const { settings, clock, pool, store, log, schemas, transactor, quarantine, rebuilder, viewReader, catalogue } =
      runtime;
    const ports = [
      { provide: EVENT_STORE, useValue: store },
      { provide: LogTail, useValue: log },
      { provide: POOL, useValue: pool },
      { provide: Transactor, useValue: transactor },
      { provide: EventSchemas, useValue: schemas },
      { provide: OwnEventIds, useValue: runtime.ownEventIds },
      { provide: AddressHashes, useValue: runtime.addressHashes },
      { provide: Quarantine, useValue: quarantine },
      { provide: ViewReader, useValue: viewReader },
      { provide: Rebuilder, useValue: rebuilder },
      { provide: Catalogue, useValue: catalogue },
      { provide: API_DESCRIPTION, useValue: apiDescription(catalogue) },
      {
        provide: Ingest,
        inject: [CommandBus],
        useFactory: (commands: CommandBus) =>
          new Ingest(store, schemas, quarantine, clock, catalogue.inbound(commands), {
            lanes: settings.httpLanes,
            gate: runtime.backpressure,
            hasFormerIds: runtime.identity.since > 0,
            extensions: settings.forwardedExtensions,
            strictData: settings.strictEventData,
          }),
      },
      ApiDocuments,
    ];
    return {
      module: GatewayModule,
      global: true,
      imports: [HttpModule.with(runtime), CqrsModule.forRoot(), ...catalogue.contexts.map(ContextModule.of)],
      providers: [
        ...ports,
        { provide: APP_INTERCEPTOR, useClass: ChangeNaming },
        { provide: APP_INTERCEPTOR, useClass: EntityTags },
        { provide: APP_INTERCEPTOR, useClass: ViewPositions },
      ],
      exports: ports,
    };
  }
}

import { type DynamicModule, Module } from '@nestjs/common';
import { CommandBus, CqrsModule } from '@nestjs/cqrs';
import { AccessModule, AccessReplica, DecisionPoint } from '../../libs/access/index.js';
import { AccountModule } from '../../libs/account/index.js';
import { Transactor } from '../../libs/event-store/transact.js';
import { EventSchemas } from '../../libs/events/event-schemas.js';
import { TokensController } from '../../libs/http/credentials/tokens.controller.js';
import { HttpModule } from '../../libs/http/http.module.js';
import { ImagesModule, imagesAsOf } from '../../libs/images/index.js';
import { Ingest } from '../../libs/ingest/ingest.js';
import { IngestModule } from '../../libs/ingest/ingest.module.js';
import { Quarantine } from '../../libs/ingest/quarantine.js';
import { ViewAdministration } from '../../libs/operations/features/view-administration.js';
import { ViewsController } from '../../libs/operations/features/views.controller.js';
import { ErrorLog } from '../../libs/platform/logging/error-log.js';
import { EVENT_STORE, POOL } from '../../libs/platform/ports.js';
import { PolicyModule } from '../../libs/policy/index.js';
import { ViewReader } from '../../libs/projections/view-reader.js';
import { PublishModule } from '../../libs/publish/publish.module.js';
import { ReviewModule } from '../../libs/review/index.js';
import { RolloutModule } from '../../libs/rollout/index.js';
import { SafetyModule } from '../../libs/safety/index.js';
import { WaitlistModule } from '../../libs/waitlist/index.js';
import { inboundCommands } from '../composition/inbound-commands.js';
import type { Runtime } from '../composition/runtime.js';
import { viewCatalogue } from '../composition/view-catalogue.js';
import { ApiDocuments } from './openapi/api-documents.js';
import { DocumentsController } from './openapi/documents.controller.js';
import { StatusController } from './status.controller.js';

/** What the access replica holds in memory at the most; about 200 bytes each. */
const REPLICA_ACCOUNTS = 1_500_000;

/** Every HTTP door, over an opened runtime. */
@Module({})
export class GatewayModule {
  static with(runtime: Runtime): DynamicModule {
    const {
      settings,
      clock,
      ids,
      logger,
      dataSource,
      pool,
      store,
      schemas,
      personKeys: subjectKeys,
      transactor,
      quarantine,
      rebuilder,
      viewReader,
    } = runtime;
    const replicaTrouble = new ErrorLog(logger, 'the access replica lost the log and follows it again');
    const replica = new AccessReplica(store, {
      accounts: REPLICA_ACCOUNTS,
      trouble: (error) => replicaTrouble.report(error),
    });
    const decisionPoint = new DecisionPoint(replica, store, clock, imagesAsOf(pool, viewReader), {
      stalenessMs: settings.stalenessMs,
      waitMs: settings.accessWaitMs,
    });
    const parts = [
      { provide: EVENT_STORE, useValue: store },
      { provide: POOL, useValue: pool },
      { provide: Transactor, useValue: transactor },
      { provide: EventSchemas, useValue: schemas },
      { provide: Quarantine, useValue: quarantine },
      { provide: ViewReader, useValue: viewReader },
      { provide: AccessReplica, useValue: replica },
      { provide: DecisionPoint, useValue: decisionPoint },
      {
        provide: ViewAdministration,
        useValue: new ViewAdministration(pool, viewCatalogue, rebuilder, viewReader, clock, ids),
      },
      {
        provide: Ingest,
        inject: [CommandBus],
        useFactory: (commands: CommandBus) =>
          new Ingest(store, schemas, quarantine, clock, inboundCommands(commands), {
            lanes: settings.httpLanes,
            gate: runtime.backpressure,
          }),
      },
    ];
    return {
      module: GatewayModule,
      global: true,
      imports: [
        HttpModule.with({ settings, clock, ids, logger, dataSource, personKeys: subjectKeys }),
        CqrsModule.forRoot(),
        WaitlistModule,
        AccountModule,
        PolicyModule,
        RolloutModule,
        ImagesModule,
        ReviewModule,
        SafetyModule,
        AccessModule,
        IngestModule,
        PublishModule,
      ],
      controllers: [StatusController, TokensController, ViewsController, DocumentsController],
      providers: [...parts, ApiDocuments],
      exports: parts,
    };
  }
}

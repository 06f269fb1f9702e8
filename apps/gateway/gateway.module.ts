import { type DynamicModule, Module } from '@nestjs/common';
import { CommandBus, CqrsModule } from '@nestjs/cqrs';
import { AccessModule, AccessReplica, DecisionPoint } from '../../libs/access/index.js';
import { AccountModule } from '../../libs/account/index.js';
import { Transactor } from '../../libs/event-store/transact.js';
import { ImagesModule, imagesAsOf } from '../../libs/images/index.js';
import { EventSchemas } from '../../libs/messaging/event-schemas.js';
import { Ingest } from '../../libs/messaging/ingest.js';
import { MessagingModule } from '../../libs/messaging/messaging.module.js';
import { Quarantine } from '../../libs/messaging/postgres/quarantine.js';
import { TroubleLog } from '../../libs/platform/logging/trouble-log.js';
import { PlatformModule } from '../../libs/platform/platform.module.js';
import { EVENT_STORE, POOL } from '../../libs/platform/ports.js';
import { TokensController } from '../../libs/platform/security/tokens.controller.js';
import { PolicyModule } from '../../libs/policy/index.js';
import { ViewAdministration } from '../../libs/projections/view-administration.js';
import { ViewReader } from '../../libs/projections/view-reader.js';
import { ViewsController } from '../../libs/projections/views.controller.js';
import { ReviewModule } from '../../libs/review/index.js';
import { RolloutModule } from '../../libs/rollout/index.js';
import { SafetyModule } from '../../libs/safety/index.js';
import { WaitlistModule } from '../../libs/waitlist/index.js';
import { inboundCommands } from '../inbound-commands.js';
import type { Runtime } from '../runtime.js';
import { viewCatalogue } from '../view-catalogue.js';
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
      subjectKeys,
      transactor,
      quarantine,
      rebuilder,
      viewReader,
    } = runtime;
    const replicaTrouble = new TroubleLog(logger, 'the access replica lost the log and follows it again');
    const replica = new AccessReplica(store, {
      accounts: REPLICA_ACCOUNTS,
      trouble: (error) => replicaTrouble.tell(error),
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
            gate: runtime.intakeGate,
          }),
      },
    ];
    return {
      module: GatewayModule,
      global: true,
      imports: [
        PlatformModule.with({ settings, clock, ids, logger, dataSource, subjectKeys }),
        CqrsModule.forRoot(),
        WaitlistModule,
        AccountModule,
        PolicyModule,
        RolloutModule,
        ImagesModule,
        ReviewModule,
        SafetyModule,
        AccessModule,
        MessagingModule,
      ],
      controllers: [StatusController, TokensController, ViewsController, DocumentsController],
      providers: [...parts, ApiDocuments],
      exports: parts,
    };
  }
}

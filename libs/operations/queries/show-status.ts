import { Controller, Get, Inject } from '@nestjs/common';
import { AccessReplica } from '../../access/index.js';
import { Catalogue } from '../../context/catalogue.js';
import type { EventStore } from '../../event-store/event-store.js';
import { AnyRole } from '../../http/credentials/route-access.js';
import { API_DESCRIPTION, type ApiDescription } from '../../http/openapi/api-description.js';
import { Quarantine } from '../../ingest/quarantine.js';
import type { Settings } from '../../platform/configuration/settings.js';
import type { Pool } from '../../platform/database/database.js';
import { EVENT_STORE, POOL, SETTINGS } from '../../platform/ports.js';
import { logConsumers } from './log-consumers.js';

@Controller('v1/status')
export class StatusController {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(POOL) private readonly pool: Pool,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(AccessReplica) private readonly replica: AccessReplica,
    @Inject(Catalogue) private readonly catalogue: Catalogue,
    @Inject(API_DESCRIPTION) private readonly api: ApiDescription,
    @Inject(Quarantine) private readonly quarantine: Quarantine,
  ) {}

  /** Version, the log's head, and how far each view, reaction and this process's access replica have got. */
  @Get()
  @AnyRole()
  async status() {
    const head = await this.store.head();
    const { positions, parked } = await logConsumers(this.pool, this.catalogue.views, this.settings);
    return {
      version: this.api.version,
      uptimeSeconds: Math.floor(process.uptime()),
      head: String(head),
      consumers: [...positions].map(([name, position]) => ({
        name,
        position: String(position),
        behind: Math.max(0, head - position),
        parked: parked.filter((one) => one.consumer === name).length,
      })),
      access: { position: String(this.replica.knownPosition), ageMs: Math.round(this.replica.ageMs) },
      quarantine: await this.quarantine.waiting(),
      memoryBytes: process.memoryUsage.rss(),
    };
  }
}

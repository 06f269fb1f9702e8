import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import type { EventStore } from '../../event-store/event-store.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { EVENT_STORE, POOL, SETTINGS } from '../../platform/ports.js';
import { ViewReader } from '../../projections/view-reader.js';
import type { DatasetName } from '../events.js';
import { accountsDataset } from './account-rows.js';
import { casesDataset } from './case-rows.js';
import type { Dataset } from './dataset.js';
import { decisionsDataset } from './decision-rows.js';
import { eventsDataset } from './event-rows.js';
import { moderationDataset } from './moderation-rows.js';
import { StreamPages } from './stream-pages.js';

@Injectable()
export class Datasets {
  private readonly all: Record<DatasetName, Dataset>;

  constructor(
    @Inject(EVENT_STORE) store: EventStore,
    @Inject(POOL) pool: pg.Pool,
    @Inject(ViewReader) reader: ViewReader,
    @Inject(SETTINGS) { decisionWaitMs }: Settings,
  ) {
    const streams = new StreamPages(pool, store, reader, decisionWaitMs);
    this.all = {
      events: eventsDataset(store),
      decisions: decisionsDataset(store),
      cases: casesDataset(streams),
      accounts: accountsDataset(streams),
      moderation: moderationDataset(store),
    };
  }

  of(name: DatasetName): Dataset {
    return this.all[name];
  }
}

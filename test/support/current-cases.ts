import pg from 'pg';
import type { EventStore } from '../../libs/event-store/event-store.js';
import { Transactor } from '../../libs/event-store/transact.js';
import { systemClock } from '../../libs/kernel/clock.js';
import { timeOrderedIds } from '../../libs/kernel/ids.js';
import { CurrentCases } from '../../libs/review/queries/current-cases.js';
import { FlagsAhead } from '../../libs/review/queries/flags-ahead.js';
import { LogTail } from '../../libs/subscriptions/log-tail.js';
import { eventRules } from './event-rules.js';

/** Reads cases on a log; connects to the database only when it is asked. */
export const currentCases = (store: EventStore, connection: pg.PoolConfig): CurrentCases =>
  new CurrentCases(
    new Transactor(store, timeOrderedIds(systemClock), systemClock, eventRules),
    new FlagsAhead(new pg.Pool(connection), new LogTail(store), { decisionWaitMs: 1_000 }),
    { treatmentOf: async () => 'usual' },
    { isPoor: async () => false },
    { reviewPanel: 1, reopenConfidencePercent: 20 },
  );

import type { Context } from '../context/context.js';
import type { EventStore } from '../event-store/event-store.js';
import { LogEpoch } from '../event-store/log-epoch.js';
import type { Clock } from '../kernel/clock.js';
import type { Ids } from '../kernel/ids.js';
import type { Settings } from '../platform/configuration/settings.js';
import type { Pool } from '../platform/database/database.js';
import { CLOCK, EVENT_STORE, IDS, POOL, SETTINGS } from '../platform/ports.js';
import { ProveEventsController, ProveEventsHandler } from './features/prove-events.js';
import { RotateProofKeyController, RotateProofKeyHandler } from './features/rotate-key.js';
import { StartVerificationController } from './features/start-verification.js';
import { originOf } from './leaves/origin.js';
import { leavesOfStore, leavesOfTables } from './leaves/read-leaves.js';
import { FindEvents } from './queries/find-events.js';
import { ProofEndpoints } from './queries/proof-endpoints.js';
import { ProofStatus } from './queries/proof-status.js';
import { ShowVerificationController } from './queries/show-verification.js';
import {
  CreateProof1700000000201,
  CreateVerifications1700000000213,
  CreateWitnesses1700000000212,
  ReplaceProofKeys1700000000214,
} from './schema.js';
import { LogVerifications } from './verification/verifications.js';
import { VerifySchedule } from './verification/verify-schedule.js';
import { configuredPolicy } from './witnessing/configured-policy.js';
import { ProofPolicy } from './witnessing/proof-policy.js';
import { WitnessSchedule } from './witnessing/witness-schedule.js';

export { openProofSigners } from './keys/open-proof-signers.js';
export { LeafLog } from './leaves/leaf-log.js';
export { originOf } from './leaves/origin.js';
export { leavesOfStore, leavesOfTables } from './leaves/read-leaves.js';
export { ProofStatus, ProofStatusAnswer } from './queries/proof-status.js';
export { configuredPolicy } from './witnessing/configured-policy.js';
export { WitnessFeed } from './witnessing/witness-feed.js';

export const proofContext: Context = {
  name: 'proof',
  routes: [
    {
      name: 'Proof',
      description:
        'The log of leaves: a Merkle tree over all events, with signed checkpoints, as C2SP tlog-tiles has it. Anybody can verify it.',
      controllers: [
        ProofEndpoints,
        StartVerificationController,
        ShowVerificationController,
        ProveEventsController,
        RotateProofKeyController,
      ],
    },
  ],
  commands: [ProveEventsHandler, RotateProofKeyHandler],
  schedules: (ports) => {
    const hasWitnesses = configuredPolicy(ports.settings) !== undefined;
    return [new VerifySchedule(ports), ...(hasWitnesses ? [new WitnessSchedule(ports)] : [])];
  },
  services: [
    FindEvents,
    ProofPolicy,
    ProofStatus,
    {
      provide: LogVerifications,
      inject: [POOL, EVENT_STORE, SETTINGS, LogEpoch, CLOCK, IDS],
      useFactory: (pool: Pool, store: EventStore, settings: Settings, epoch: LogEpoch, clock: Clock, ids: Ids) => {
        const isInTables = settings.eventstoreUrl === undefined;
        const read = isInTables ? leavesOfTables(pool) : leavesOfStore(store);
        const log = () => ({ pool, read, isInTables, origin: originOf(settings, epoch.current) });
        return new LogVerifications(log, clock, ids);
      },
    },
  ],
  migrations: [
    CreateProof1700000000201,
    CreateWitnesses1700000000212,
    CreateVerifications1700000000213,
    ReplaceProofKeys1700000000214,
  ],
};

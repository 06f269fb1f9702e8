import type { Context } from '../context/context.js';
import { DecisionPoints } from '../enforcement/index.js';
import type { Pool } from '../platform/database/database.js';
import { POOL } from '../platform/ports.js';
import { decisionPointProviders } from './decision-point/decision-point-providers.js';
import { EvaluateAccessController } from './features/evaluate-access.js';
import { FastEvaluation } from './features/fast-evaluation.js';
import { AuthzenConfigurationController } from './queries/authzen-configuration.js';
import { DeactivationLatencyGauge } from './queries/deactivation-latency-gauge.js';
import { DeniedShareCounts } from './queries/denied-share-counts.js';
import { RecordedDecisions } from './queries/recorded-decisions.js';
import { ReportedDecisions } from './queries/reported-decisions.js';
import { DeactivationLatencyController, ShowDeactivationLatencyHandler } from './queries/show-deactivation-latency.js';
import {
  CreateAppliedDecisions1700000000141,
  CreateDecisionPoints1700000000160,
  CreateDeniedShares1700000000170,
  CreateRecordedDecisions1700000000217,
} from './schema.js';

export * from './decide-access.js';
export { AccessReplica } from './decision-point/access-replica.js';
export { DeniedShareCounts } from './queries/denied-share-counts.js';
export { decideAgain, type RecordedDecision, RecordedDecisions } from './queries/recorded-decisions.js';

export const accessContext: Context = {
  name: 'access',
  routes: [
    {
      name: 'Access',
      description:
        'May this account do this now? AuthZEN Authorization API 1.0. Decided from the log and the clock at the moment of the request; if a fact can’t be known, the decision is a deny.',
      controllers: [EvaluateAccessController, AuthzenConfigurationController, DeactivationLatencyController],
    },
  ],
  commands: [ShowDeactivationLatencyHandler],
  migrations: [
    CreateAppliedDecisions1700000000141,
    CreateDecisionPoints1700000000160,
    CreateDeniedShares1700000000170,
    CreateRecordedDecisions1700000000217,
  ],
  services: [
    ...decisionPointProviders,
    FastEvaluation,
    { provide: DecisionPoints, useClass: ReportedDecisions },
    DeactivationLatencyGauge,
    DeniedShareCounts,
    {
      provide: RecordedDecisions,
      inject: [POOL],
      useFactory: (pool: Pool) => new RecordedDecisions(pool),
    },
  ],
};

import type { Context } from '../context/context.js';
import { CONSEQUENCES, verdictClosing } from '../review/index.js';
import { enforcementStream } from './enforcement.js';
import { enforcementEvents, ladderEvents } from './events.js';
import {
  AcknowledgeEnforcementController,
  AcknowledgeEnforcementHandler,
  acknowledgeEnforcementInbound,
} from './features/acknowledge-enforcement.js';
import { ChangeTargetController, RemoveTargetHandler, SetTargetHandler } from './features/change-target.js';
import { DryRunLadderController, DryRunLadderHandler } from './features/dry-run-ladder.js';
import { enforcementUndoing } from './features/enforcement-undoing.js';
import { RedeliverEnforcementController, RedeliverEnforcementHandler } from './features/redeliver-enforcement.js';
import { SetLadderController, SetLadderHandler } from './features/set-ladder.js';
import { ladderStream } from './ladder.js';
import { causeAdding } from './processes/cause-adding.js';
import { enforcementRecording } from './processes/enforcement-recording.js';
import { enforcing } from './processes/enforcing.js';
import { imageWithholding } from './processes/image-withholding.js';
import { OverdueNoting } from './processes/overdue-noting.js';
import { accountAgain, personAgain } from './queries/account-again.js';
import { enforcementAgain, ladderAgain, targetsAgain } from './queries/enforcement-again.js';
import { LadderConsequences } from './queries/ladder-consequences.js';
import { ListEnforcementsController, ListEnforcementsHandler } from './queries/list-enforcements.js';
import { OverdueGauge } from './queries/overdue-gauge.js';
import { ShowEnforcementController, ShowEnforcementHandler } from './queries/show-enforcement.js';
import { ShowLadderController, ShowLadderHandler } from './queries/show-ladder.js';
import { ListTargetsHandler, ShowTargetHandler, ShowTargetsController } from './queries/show-targets.js';
import { targetEvents } from './target-events.js';
import { targetsStream } from './targets.js';
import { enforcementsView } from './views/enforcements.js';

export { acknowledgeEnforcement } from './acknowledging.js';
export * from './confirmed-violation.js';
export * from './enforcement.js';
export * from './events.js';
export * from './expected-standing.js';
export { type EnforcementUndoing, enforcementUndoing, type Undoing } from './features/enforcement-undoing.js';
export * from './ladder.js';
export * from './ordered-measures.js';
export * from './processes/enforcing.js';
export * from './processes/image-withholding.js';
export { type AppliedAt, DecisionPoints } from './queries/decision-points.js';
export { DisregardedUses } from './queries/disregarded-uses.js';
export { type SentStatement, StatementsSent } from './queries/statements-sent.js';
export { registerTarget, targetsStream } from './targets.js';

export const enforcementContext: Context = {
  name: 'enforcement',
  events: [...enforcementEvents, ...ladderEvents, ...targetEvents],
  streams: [enforcementStream, ladderStream, targetsStream],
  decisionsAgain: [accountAgain, personAgain, enforcementAgain, ladderAgain, targetsAgain],
  views: [enforcementsView],
  commands: [
    ShowLadderHandler,
    SetLadderHandler,
    DryRunLadderHandler,
    ShowEnforcementHandler,
    ListEnforcementsHandler,
    AcknowledgeEnforcementHandler,
    RedeliverEnforcementHandler,
    SetTargetHandler,
    RemoveTargetHandler,
    ListTargetsHandler,
    ShowTargetHandler,
  ],
  inbound: (commands) => [acknowledgeEnforcementInbound(commands)],
  routes: [
    {
      name: 'Enforcement',
      description: 'What confirmed violations lead to, and the receipt of what they led to.',
      controllers: [
        ShowLadderController,
        SetLadderController,
        DryRunLadderController,
        ListEnforcementsController,
        ShowEnforcementController,
        AcknowledgeEnforcementController,
        RedeliverEnforcementController,
        ShowTargetsController,
        ChangeTargetController,
      ],
    },
  ],
  consumers: ({ transactor, store, ownEventIds, clock }) => [
    imageWithholding(transactor, ownEventIds),
    enforcing(transactor, ownEventIds, enforcementUndoing({ transactor, store, clock })),
    enforcementRecording(transactor),
    causeAdding(transactor, store, ownEventIds),
  ],
  schedules: (given) => {
    const { pool, log, transactor, settings, clock, logger } = given;
    const consequences = new LadderConsequences(transactor, pool, log, settings, clock);
    return [verdictClosing(given, consequences), new OverdueNoting(pool, transactor, clock, logger)];
  },
  services: [{ provide: CONSEQUENCES, useClass: LadderConsequences }, OverdueGauge],
};

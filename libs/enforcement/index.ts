import type { Context } from '../context/context.js';
import { enforcementStream } from './enforcement.js';
import { enforcementEvents, ladderEvents } from './events.js';
import { DryRunLadderController, DryRunLadderHandler } from './features/dry-run-ladder.js';
import { SetLadderController, SetLadderHandler } from './features/set-ladder.js';
import { ladderStream } from './ladder.js';
import { enforcementRecording } from './processes/enforcement-recording.js';
import { enforcing } from './processes/enforcing.js';
import { imageWithholding } from './processes/image-withholding.js';
import { ListEnforcementsController, ListEnforcementsHandler } from './queries/list-enforcements.js';
import { ShowEnforcementController, ShowEnforcementHandler } from './queries/show-enforcement.js';
import { ShowLadderController, ShowLadderHandler } from './queries/show-ladder.js';
import { enforcementsView } from './views/enforcements.js';

export * from './confirmed-violation.js';
export * from './enforcement.js';
export * from './events.js';
export * from './expected-standing.js';
export * from './ladder.js';
export * from './processes/enforcing.js';
export { IMAGE_WITHHOLDING } from './processes/image-withholding.js';

export const enforcementContext: Context = {
  name: 'enforcement',
  events: [...enforcementEvents, ...ladderEvents],
  streams: [enforcementStream, ladderStream],
  views: [enforcementsView],
  commands: [ShowLadderHandler, SetLadderHandler, DryRunLadderHandler, ShowEnforcementHandler, ListEnforcementsHandler],
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
      ],
    },
  ],
  consumers: ({ transactor, ownEventIds }) => [
    imageWithholding(transactor, ownEventIds),
    enforcing(transactor, ownEventIds),
    enforcementRecording(transactor),
  ],
};

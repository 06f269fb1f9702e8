import type { Context } from '../context/context.js';
import { switchEvents } from './events.js';
import { ResumeActionController, ResumeActionHandler } from './features/resume-action.js';
import { SuspendActionController, SuspendActionHandler } from './features/suspend-action.js';
import { ListSwitchesController, ListSwitchesHandler } from './queries/list-switches.js';
import { ShowSwitchController, ShowSwitchHandler } from './queries/show-switch.js';
import { switchesAgain } from './queries/switches-again.js';
import { switchesStream } from './switches.js';

export * from './events.js';
export * from './phase-restrictions.js';
export { ListSwitches, SuspensionAnswer, suspensionAnswers, suspensionExample } from './queries/list-switches.js';
export * from './switches.js';

export const switchesContext: Context = {
  name: 'switches',
  events: switchEvents,
  streams: [switchesStream],
  decisionsAgain: [switchesAgain],
  commands: [SuspendActionHandler, ResumeActionHandler, ListSwitchesHandler, ShowSwitchHandler],
  routes: [
    {
      name: 'Switches',
      description: 'Suspend an action at once, for everyone or for one cohort, until a given time or until resumed.',
      controllers: [ListSwitchesController, ShowSwitchController, SuspendActionController, ResumeActionController],
    },
  ],
};

import type { CommandGroup } from '../cli/commands.js';
import { cohortCommands } from './cli/cohort.js';
import { gateCommands } from './cli/gate.js';
import { invitationCommands } from './cli/invitations.js';
import { planCommand } from './cli/plan.js';
import { rateCommands } from './cli/rate.js';
import { rolloutCommands } from './cli/rollout.js';
import { scheduleCommands } from './cli/schedule.js';

export { admitCohort, outcomeOf } from './cli/cohort.js';

export const commands: CommandGroup = (program, run) => {
  rolloutCommands(program, run);
  rateCommands(program, run);
  cohortCommands(program, run);
  planCommand(program, run);
  scheduleCommands(program, run);
  invitationCommands(program, run);
  gateCommands(program, run);
};

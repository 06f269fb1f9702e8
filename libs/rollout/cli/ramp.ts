import { InvalidArgumentError } from 'commander';
import {
  type CommandGroup,
  type Condition,
  command,
  conditionOf,
  ifMatch,
  integer,
  reason,
  severalOf,
} from '../../cli/commands.js';
import type { WriteReceipt } from '../../http/write-receipt.js';
import { MAX_PER_WEEK } from '../../kernel/rollout-limits.js';
import type { RampStep } from '../ramp.js';
import { showRollout } from './rate.js';

const MOST_STAY_DAYS = 365;
const MOST_EXPOSURES = 1_000_000_000;

/** The commands of the plan by which the rate rises. */
export const rampCommands: CommandGroup = (group, run) => {
  command(
    group,
    'ramp',
    'Sets the steps by which the rate rises while the gate supports it, instead of those before.',
    "rollout ramp 'as the board decided' --step 1000:7 --step 2000:14:confirmed --step 3000:14:automatic:50000",
  )
    .argument('<reason>', 'why', reason)
    .requiredOption(
      '--step <step>',
      'rate, days since the step before, automatic (the default) or confirmed, least exposures; repeat it for each step',
      (text: string, before: RampStep[] = []) => [...before, ...severalOf(text).map(stepOf)],
    )
    .addOption(ifMatch('rate show'))
    .action(
      run<{ step: RampStep[] } & Condition>(async (session, { step, ...condition }, why) => {
        const ramp = { steps: step, reason: why };
        await session.client.put<WriteReceipt>('/v1/rollout/ramp', ramp, conditionOf(condition));
        return showRollout(session);
      }),
    );

  command(
    group,
    'confirm-step',
    'Confirms the next step of the ramp plan; it is made once the gate supports it.',
    'rollout confirm-step 0190163d-8694-739b-aea5-966c26f8ad91 2000',
  )
    .argument('<plan>', 'of the plan, as rollout status prints it')
    .argument('<per-week>', 'the rate of its next step', integer(1, MAX_PER_WEEK))
    .addOption(ifMatch('rate show'))
    .action(
      run<Condition>(async (session, condition, planId, perWeek) => {
        const options = { repeatable: true, ...conditionOf(condition) };
        await session.client.post<WriteReceipt>('/v1/rollout/ramp/confirmations', { planId, perWeek }, options);
        return showRollout(session);
      }),
    );

  command(group, 'end-ramp', 'Ends the ramp plan; the rate stays.', "rollout end-ramp 'reviewers are ill'")
    .argument('<reason>', 'why', reason)
    .addOption(ifMatch('rate show'))
    .action(
      run<Condition>(async (session, condition, why) => {
        const options = { query: { reason: why! }, ...conditionOf(condition) };
        await session.client.delete<WriteReceipt>('/v1/rollout/ramp', options);
        return showRollout(session);
      }),
    );
};

function stepOf(text: string): RampStep {
  const [perWeek = '', afterDays = '', mode = 'automatic', exposures, ...more] = text.split(':');
  if (more.length > 0 || (mode !== 'automatic' && mode !== 'confirmed')) {
    throw new InvalidArgumentError('A step must be like 2000:14, 2000:14:confirmed or 2000:14:automatic:50000.');
  }
  return {
    perWeek: partOf('rate', perWeek, 1, MAX_PER_WEEK),
    afterDays: partOf('number of days', afterDays, 0, MOST_STAY_DAYS),
    ...(exposures !== undefined && { exposures: partOf('number of exposures', exposures, 0, MOST_EXPOSURES) }),
    mode,
  };
}

/** @param name of the part of a step, RATE:DAYS:MODE:EXPOSURES */
function partOf(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  const given = text === '' ? 'is missing' : `must be an integer from ${least} to ${most}, not ${text}`;
  throw new InvalidArgumentError(`A step must be like 2000:14, which is a rate and days: the ${name} ${given}.`);
}

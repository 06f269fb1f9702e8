import { InvalidArgumentError, Option } from 'commander';
import {
  type CommandGroup,
  type Condition,
  command,
  conditionOf,
  ifMatch,
  reason,
  severalOf,
  sharedGroup,
} from '../../cli/commands.js';
import { line, type Shown } from '../../cli/rendering/plain-text.js';
import type { WriteReceipt } from '../../http/write-receipt.js';
import { InvalidInput } from '../../kernel/errors.js';
import type { PlanAnswer } from '../queries/show-plan.js';

interface Scheduling extends Condition {
  timeZone?: string;
  days?: string[];
  hours?: number[];
  reason?: string;
}

interface Ending extends Condition {
  reason: string;
  thenDaily?: boolean;
}

const WORKING_DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'];

export const scheduleCommands: CommandGroup = (program, run) => {
  const group = sharedGroup(program, 'cohort', 'Onboards people in cohorts, and shows them.');
  command(
    group,
    'schedule',
    'Shows at which hours of the week a slice of the rate is admitted. With --hours it sets them first. All slices of a week add up to the rate.',
    'cohort schedule',
    'cohort schedule --time-zone Europe/London --hours 9,11,13,15 --reason "while reviewers are there"',
  )
    .option('--time-zone <zone>', 'the time zone of the hours (default: UTC)')
    .option('--days <days>', 'the days (default: monday to friday)', severalOf)
    .addOption(new Option('--hours <hours>', 'the hours, 0 to 23').argParser(hoursOf))
    .option('--reason <text>', 'why', reason)
    .addOption(ifMatch('cohort plan'))
    .action(
      run<Scheduling>(async ({ client, print }, { timeZone, days, hours, reason: because, ...condition }) => {
        if (hours !== undefined) {
          if (because === undefined) throw new InvalidInput([{ field: '--reason', message: 'must say why' }]);
          const body = { timeZone: timeZone ?? 'UTC', days: days ?? WORKING_DAYS, hours, reason: because };
          await client.put<WriteReceipt>('/v1/rollout/plan/schedule', body, conditionOf(condition));
        } else if ((timeZone ?? days ?? because ?? condition.ifMatch) !== undefined) {
          throw new InvalidInput([{ field: '--hours', message: 'must be given to set the schedule' }]);
        }
        const plan = await client.get<PlanAnswer>('/v1/rollout/plan');
        print(plan, () => scheduleText(plan));
      }),
    );
  command(
    group,
    'end-schedule',
    'Ends the schedule of slices. If the rate is daily, a seventh of it is admitted at once: that has to be confirmed by --then-daily.',
    'cohort end-schedule --reason "by hand from now on"',
  )
    .addOption(new Option('--reason <text>', 'why').argParser(reason).makeOptionMandatory())
    .option('--then-daily', 'admit a seventh of the rate every day from now on, as it is set')
    .addOption(ifMatch('cohort plan'))
    .action(
      run<Ending>(async ({ client, print }, { reason: because, thenDaily = false, ...condition }) => {
        const query = { reason: because, ...(thenDaily && { thenDaily: 'true' }) };
        const options = { query, ...conditionOf(condition) };
        const ended = await client.request<WriteReceipt>('DELETE', '/v1/rollout/plan/schedule', options);
        print(ended, () => line`there is no schedule`);
      }),
    );
};

const HOUR = /^(?:1?[0-9]|2[0-3])$/;

function hoursOf(text: string): number[] {
  const hours = severalOf(text);
  if (!hours.every((hour) => HOUR.test(hour))) throw new InvalidArgumentError('It must list hours from 0 to 23.');
  return hours.map(Number);
}

function scheduleText({ schedule }: PlanAnswer): Shown {
  if (!schedule) return line`there is no schedule`;
  const { timeZone, days, hours } = schedule;
  return line`a slice on ${days.join(', ')} at ${hours.map((hour) => `${hour}:00`).join(', ')} in ${timeZone}`;
}

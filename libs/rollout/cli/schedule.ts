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
import type { PlanAnswer } from '../queries/show-plan.js';

interface Scheduling extends Condition {
  timeZone: string;
  days: string[];
  hours: number[];
  reason: string;
}

const WORKING_DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'];

export const scheduleCommands: CommandGroup = (program, run) => {
  const group = sharedGroup(program, 'cohort', 'Onboards people in cohorts, and shows them.');
  const why = () => new Option('--reason <text>', 'why').argParser(reason).makeOptionMandatory();
  command(
    group,
    'schedule',
    'Sets at which hours of the week a slice of the rate is admitted. All slices of a week add up to the rate.',
    'cohort schedule --time-zone Europe/London --hours 9,11,13,15 --reason "while reviewers are there"',
  )
    .option('--time-zone <zone>', 'the time zone of the hours', 'UTC')
    .option('--days <days>', 'the days (default: monday to friday)', severalOf)
    .addOption(new Option('--hours <hours>', 'the hours, 0 to 23').argParser(hoursOf).makeOptionMandatory())
    .addOption(why())
    .addOption(ifMatch('cohort plan'))
    .action(
      run<Scheduling>(
        async ({ client, print }, { timeZone, days = WORKING_DAYS, hours, reason: because, ...condition }) => {
          const body = { timeZone, days, hours, reason: because };
          await client.put<WriteReceipt>('/v1/rollout/plan/schedule', body, conditionOf(condition));
          const plan = await client.get<PlanAnswer>('/v1/rollout/plan');
          print(plan, () => scheduleText(plan));
        },
      ),
    );
  command(group, 'end-schedule', 'Ends the schedule of slices.', 'cohort end-schedule --reason "by hand from now on"')
    .addOption(why())
    .addOption(ifMatch('cohort plan'))
    .action(
      run<Pick<Scheduling, 'reason' | 'ifMatch'>>(async ({ client, print }, { reason: because, ...condition }) => {
        const path = `/v1/rollout/plan/schedule?reason=${encodeURIComponent(because)}`;
        const ended = await client.delete<WriteReceipt>(path, conditionOf(condition));
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
  const { timeZone = '', days = [], hours = [] } = schedule ?? {};
  return line`a slice on ${days.join(', ')} at ${hours.map((hour) => `${hour}:00`).join(', ')} in ${timeZone}`;
}

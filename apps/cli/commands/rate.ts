import type { Command } from 'commander';
import type { RolloutAnswer, Written } from '../api-answers.js';
import { wholeNumber, withExamples } from '../command-options.js';
import { number, pairs, table, time } from '../rendering/table.js';
import type { Runner, Session } from '../session.js';

const MAX_PER_WEEK = 10_000_000;

export function rateCommands(program: Command, run: Runner): void {
  const group = program.command('rate').description('How many people may be onboarded in any rolling seven days.');

  const show = group
    .command('show')
    .description('The rate, what it has left now, and how many wait.')
    .action(run(showRollout));
  withExamples(show, 'rate show');

  const set = group
    .command('set')
    .description('Set the rate, in people in any rolling seven days.')
    .argument('<per-week>', 'people; 0 admits nobody', wholeNumber(0, MAX_PER_WEEK))
    .option('--daily', 'admit a seventh of it every day by itself')
    .option('--no-daily', 'admit cohorts by hand only')
    .action(
      run<{ daily?: boolean }>(async (session, { daily }, perWeek) => {
        await session.client.put<Written>('/v1/rollout/rate', { perWeek, daily });
        return showRollout(session);
      }),
    );
  withExamples(set, 'rate set 1000', 'rate set 1400 --daily');

  const pause = group
    .command('pause')
    .description('Admit nobody until onboarding is resumed.')
    .argument('<reason>', 'why, for other operators')
    .action(
      run(async (session, _, reason) => {
        await session.client.post<Written>('/v1/rollout/pause', { reason }, { repeatable: true });
        return showRollout(session);
      }),
    );
  withExamples(pause, "rate pause 'reviewers are behind'");

  const resume = group
    .command('resume')
    .description('Admit cohorts again.')
    .action(
      run(async (session) => {
        await session.client.post<Written>('/v1/rollout/resume', undefined, { repeatable: true });
        return showRollout(session);
      }),
    );
  withExamples(resume, 'rate resume');
}

async function showRollout({ client, print }: Session): Promise<undefined> {
  const rollout = await client.get<RolloutAnswer>('/v1/rollout');
  print(rollout, () => rolloutText(rollout));
}

export function rolloutText(rollout: RolloutAnswer): string {
  const { perWeek, daily, paused, pauseReason, available, moreAt, admissions, waiting } = rollout;
  const about = pairs([
    ['rate', perWeek === null ? 'not set' : `${number(perWeek)} people in any seven days`],
    ['admits', daily ? 'a seventh every day, by itself' : 'by hand'],
    ['onboarding', paused ? `paused: ${pauseReason ?? ''}` : 'open'],
    ['available now', available],
    ['more from', time(moreAt)],
    ['waiting', waiting],
  ]);
  if (admissions.length === 0) return about;
  const rows = admissions.map(({ cohortId, size, at }) => [cohortId, size, time(at)]);
  return `${about}\n\n${table(['cohort', 'size', 'admitted'], rows)}`;
}

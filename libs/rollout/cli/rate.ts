import {
  type CommandGroup,
  type Condition,
  command,
  conditionOf,
  ifMatch,
  integer,
  reason,
} from '../../cli/commands.js';
import { actorText } from '../../cli/rendering/actor.js';
import { paragraphs, type Shown } from '../../cli/rendering/plain-text.js';
import { number, pairs, table, time } from '../../cli/rendering/table.js';
import type { Session } from '../../cli/session.js';
import type { WriteReceipt } from '../../http/write-receipt.js';
import { InvalidInput } from '../../kernel/errors.js';
import type { RolloutAnswer } from '../queries/show-rollout.js';
import { gateHeader } from './gate-text.js';

const MAX_PER_WEEK = 10_000_000;

export const rateCommands: CommandGroup = (program, run) => {
  const group = program
    .command('rate')
    .description('Shows and sets how many people may be onboarded per rolling seven days.');

  command(
    group,
    'show',
    'Shows the rate, what is left of it now, and how many people are waiting.',
    'rate show',
  ).action(run(showRollout));

  const named = new Set<string>();
  command(
    group,
    'set',
    'Sets the rate.',
    'rate set 1000',
    'rate set 1400 --daily',
    `rate set 1400 --if-match '"9c1f03ab55d2-7"'`,
  )
    .argument('<per-week>', 'people per rolling seven days; 0 admits nobody', integer(0, MAX_PER_WEEK))
    .option('--daily', 'admit a seventh of the rate automatically every day; unchanged by default')
    .option('--no-daily', 'admit no cohorts automatically')
    .on('option:daily', () => named.add('--daily'))
    .on('option:no-daily', () => named.add('--no-daily'))
    .addOption(ifMatch('rate show'))
    .action(
      run<{ daily?: boolean } & Condition>(async (session, { daily, ...condition }, perWeek) => {
        if (named.size > 1) throw new InvalidInput([{ field: '--daily', message: 'contradicts --no-daily: name one' }]);
        await session.client.put<WriteReceipt>('/v1/rollout/rate', { perWeek, daily }, conditionOf(condition));
        return showRollout(session);
      }),
    );

  command(group, 'pause', 'Stops admissions until they are resumed.', "rate pause 'reviewers are behind'")
    .argument('<reason>', 'the reason, shown to other operators', reason)
    .addOption(ifMatch('rate show'))
    .action(
      run<Condition>(async (session, condition, reason) => {
        const options = { repeatable: true, ...conditionOf(condition) };
        await session.client.post<WriteReceipt>('/v1/rollout/pause', { reason }, options);
        return showRollout(session);
      }),
    );

  command(group, 'resume', 'Resumes admissions.', 'rate resume')
    .addOption(ifMatch('rate show'))
    .action(
      run<Condition>(async (session, condition) => {
        const options = { repeatable: true, ...conditionOf(condition) };
        await session.client.post<WriteReceipt>('/v1/rollout/resume', undefined, options);
        return showRollout(session);
      }),
    );
};

async function showRollout({ client, print }: Session): Promise<void> {
  const rollout = await client.get<RolloutAnswer>('/v1/rollout');
  print(rollout, () => rolloutText(rollout));
}

export function rolloutText(rollout: RolloutAnswer): Shown {
  const { perWeek, daily, paused, pauseReason, available, moreAt, admissions, waiting, etag, changes } = rollout;
  const about = pairs([
    ['rate', perWeek === null ? 'not set' : `${number(perWeek)} people per rolling seven days`],
    ['admits', daily ? 'a seventh of the rate every day, automatically' : 'manually'],
    ['onboarding', paused ? `paused: ${pauseReason ?? ''}` : 'open'],
    ['available now', available],
    ['more from', time(moreAt)],
    ['waiting', waiting],
    ['etag', etag],
  ]);
  const history = changes.map((one) => [Number(one.position), time(one.time), changeText(one), actorText(one.actor)]);
  const changed = history.length > 0 ? [table(['position', 'time', 'change', 'by'], history)] : [];
  const rows = admissions.map(({ cohortId, size, at }) => [cohortId, size, time(at)]);
  const admitted = rows.length > 0 ? [table(['cohort', 'people', 'admitted'], rows)] : [];
  return paragraphs([...gateHeader(rollout.gate), about, ...admitted, ...changed]);
}

function changeText({ type, perWeek, daily, reason }: RolloutAnswer['changes'][number]): string {
  if (type === 'OnboardingPaused') return `paused: ${reason ?? ''}`;
  if (type === 'OnboardingResumed') return 'resumed';
  return `rate ${number(perWeek ?? 0)}${daily ? ', daily' : ''}`;
}

import {
  type CommandGroup,
  type Condition,
  command,
  conditionOf,
  ifMatch,
  instant,
  integer,
  reason,
} from '../../cli/commands.js';
import { actorText } from '../../cli/rendering/actor.js';
import { line, lines, paragraphs, type Shown } from '../../cli/rendering/plain-text.js';
import { number, pairs, table, time } from '../../cli/rendering/table.js';
import type { Session } from '../../cli/session.js';
import { ceilingNote, changeText, listWords, phaseText } from '../../gate/gate-words.js';
import type { WriteReceipt } from '../../http/write-receipt.js';
import { people } from '../../kernel/counted.js';
import { InvalidInput } from '../../kernel/errors.js';
import { MAX_PER_WEEK } from '../../kernel/rollout-limits.js';
import type { RolloutAnswer } from '../queries/show-rollout.js';
import { gateHeader } from './gate-text.js';
import { ratePreviewCommand } from './rate-preview.js';

const AT = 'when it takes effect; at once by default';

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

  ratePreviewCommand(group, run, MAX_PER_WEEK);

  const named = new Set<string>();
  command(
    group,
    'set',
    'Sets the rate, at once or at a time. A high raise has to be confirmed; one above a limit has to be proposed (rollout propose).',
    'rate set 1000',
    "rate set 1400 'reviewers have time' --daily",
    "rate set 5000 'the gate supports it' --confirm 5000",
    "rate set 500 'a holiday' --at 2032-12-24T00:00:00Z",
    `rate set 1400 'as agreed' --if-match '"9c1f03ab55d2-7"'`,
  )
    .argument('<per-week>', 'people per rolling seven days; 0 admits nobody', integer(0, MAX_PER_WEEK))
    .argument('[reason]', 'why; only the first rate needs none', reason)
    .option('--daily', 'admit a seventh of the rate automatically every day; unchanged by default')
    .option('--no-daily', 'admit no cohorts automatically')
    .on('option:daily', () => named.add('--daily'))
    .on('option:no-daily', () => named.add('--no-daily'))
    .option('--confirm <per-week>', 'the rate once more, to confirm a high raise', integer(0, MAX_PER_WEEK))
    .option('--at <time>', AT, instant)
    .addOption(ifMatch('rate show'))
    .action(
      run<{ daily?: boolean; confirm?: number; at?: string } & Condition>(
        async (session, { daily, confirm, at, ...condition }, perWeek, why) => {
          if (named.size > 1)
            throw new InvalidInput([{ field: '--daily', message: 'contradicts --no-daily: name one' }]);
          const rate = { perWeek, daily, reason: why, confirm, effectiveAt: at };
          await session.client.put<WriteReceipt>('/v1/rollout/rate', rate, conditionOf(condition));
          return showRollout(session);
        },
      ),
    );

  command(
    group,
    'pause',
    'Stops admissions until they are resumed.',
    "rate pause 'reviewers are behind'",
    "rate pause 'a holiday' --at 2032-12-24T00:00:00Z",
  )
    .argument('<reason>', 'the reason, shown to other operators', reason)
    .option('--at <time>', AT, instant)
    .addOption(ifMatch('rate show'))
    .action(
      run<{ at?: string } & Condition>(async (session, { at, ...condition }, reason) => {
        const options = { repeatable: true, ...conditionOf(condition) };
        await session.client.post<WriteReceipt>('/v1/rollout/pause', { reason, effectiveAt: at }, options);
        return showRollout(session);
      }),
    );

  command(
    group,
    'resume',
    'Resumes admissions.',
    'rate resume',
    "rate resume 'the holidays are over' --at 2033-01-02T00:00:00Z",
  )
    .argument('[reason]', 'the reason, shown to other operators', reason)
    .option('--at <time>', AT, instant)
    .addOption(ifMatch('rate show'))
    .action(
      run<{ at?: string } & Condition>(async (session, { at, ...condition }, reason) => {
        const options = { repeatable: true, ...conditionOf(condition) };
        await session.client.post<WriteReceipt>('/v1/rollout/resume', { reason, effectiveAt: at }, options);
        return showRollout(session);
      }),
    );
};

export async function showRollout({ client, print }: Session): Promise<void> {
  const rollout = await client.get<RolloutAnswer>('/v1/rollout');
  print(rollout, () => rolloutText(rollout));
}

export function rolloutText(rollout: RolloutAnswer): Shown {
  const { perWeek, paused, pauseReason, available, moreAt, admissions, waiting, etag, changes, phase } = rollout;
  const { unconfirmed } = rollout;
  const about = pairs([
    ['rate', perWeek === null ? 'not set' : `${people(perWeek)} per rolling seven days`],
    ['admits', admitsText(rollout)],
    ['onboarding', paused ? `paused: ${pauseReason ?? ''}` : 'open'],
    ['phase', `${phase.phase}: ${phase.entries.join(', ')}`],
    ['only for', phase.classes && listWords(phase.classes)],
    ['phase restricts', phase.restrictions.length === 0 ? null : listWords(phase.restrictions)],
    ['people in total', totalText(phase)],
    ['suspended', phase.suspended.map((one) => withCohort(one)).join(', ') || 'nothing'],
    ['available now', available],
    ['more from', time(moreAt)],
    ['waiting', waiting],
    ['address not confirmed', unconfirmed],
    ['etag', etag],
  ]);
  const history = changes.map((one) => [Number(one.position), time(one.time), changeWords(one), byText(one)]);
  const changed = history.length > 0 ? [table(['position', 'time', 'change', 'by'], history)] : [];
  const rows = admissions.map(({ cohortId, size, at }) => [cohortId, size, time(at)]);
  const admitted = rows.length > 0 ? [table(['cohort', 'people', 'admitted'], rows)] : [];
  return paragraphs([...gateHeader(rollout.gate), ...pendingText(rollout), about, ...admitted, ...changed]);
}

const DAILY = 'a seventh of the rate every day, automatically';

const admitsText = ({ daily, isScheduled }: RolloutAnswer): string => {
  if (!isScheduled) return daily ? DAILY : 'manually';
  return `slices by the schedule${daily ? `; once it has ended, ${DAILY}` : ''}`;
};

const totalText = ({ people: total, ceiling }: RolloutAnswer['phase']): string =>
  ceiling === null
    ? number(total)
    : `${number(total)} of ${number(ceiling)}${ceiling > total ? '' : ': nobody else comes in'}`;

const byText = ({ actor, approvedBy }: RolloutAnswer['changes'][number]): string =>
  `${actorText(actor)}${approvedBy === undefined ? '' : `, approved by ${approvedBy}`}`;

const withCohort = ({ action, cohortId, phase }: RolloutAnswer['phase']['suspended'][number]): string =>
  phase !== null ? `${action} (by the phase)` : cohortId === null ? action : `${action} (${cohortId})`;

/** What is planned, and what waits for an approval. */
export function pendingText({
  planned,
  proposals,
  phase,
}: Pick<RolloutAnswer, 'planned' | 'proposals' | 'phase'>): Shown[] {
  const waiting = proposals.map(
    (one) =>
      line`PROPOSED by ${one.by}: ${changeText(given(one))}${ceilingNote(one.ceiling, phase.people)} (${one.reason}), until ${time(one.expiresAt)}: gatehouse rollout approve ${one.changeId}`,
  );
  const later = planned.map(
    (one) =>
      line`PLANNED for ${time(one.effectiveAt)} by ${one.by}: ${changeText(given(one))}${ceilingNote(one.ceiling, phase.people)} (${one.reason}): gatehouse rollout cancel ${one.changeId}`,
  );
  return waiting.length + later.length > 0 ? [lines([...waiting, ...later])] : [];
}

const given = ({
  does,
  perWeek,
  daily,
  phase,
  ceiling,
  classes,
  restrictions,
}: RolloutAnswer['planned'][number] | RolloutAnswer['proposals'][number]) => ({
  ...{ does, ...(perWeek !== null && { perWeek }), ...(daily !== null && { daily }) },
  ...{ ...(phase !== null && { phase }), ...(ceiling !== null && { ceiling }) },
  ...{ ...(classes !== null && { classes }), ...(restrictions !== null && { restrictions }) },
});

function changeWords({ type, perWeek, daily, reason, ...phase }: RolloutAnswer['changes'][number]): string {
  const why = reason === undefined ? '' : `: ${reason}`;
  if (type === 'OnboardingPaused') return `paused${why}`;
  if (type === 'OnboardingResumed') return `resumed${why}`;
  if (type === 'RolloutPhaseSet') return `phase ${phaseText(phase)}${why}`;
  return `rate ${number(perWeek ?? 0)}${daily ? ', daily' : ''}${why}`;
}

import { type CommandGroup, command } from '../../cli/commands.js';
import { actorText } from '../../cli/rendering/actor.js';
import { line, lines, paragraphs, type Shown } from '../../cli/rendering/plain-text.js';
import { table, time } from '../../cli/rendering/table.js';
import { CAUSE_WORDS } from '../../gate/gate-words.js';
import type { SeriesAnswer } from '../queries/gate-series.js';
import type { RolloutAnswer } from '../queries/show-rollout.js';
import type { TimelineAnswer } from '../queries/show-timeline.js';
import { seriesChart } from './gate-chart.js';
import { share } from './gate-text.js';
import { rampCommands } from './ramp.js';
import { changeCommands } from './rollout-changes.js';

export const rolloutCommands: CommandGroup = (program, run) => {
  const group = program.command('rollout').description('Says how the rollout is, and what has changed in it.');

  command(
    group,
    'status',
    'Says in plain words: the rate, this window, the next slice, the gate and why, what would change it, and who changed what last.',
    'rollout status',
    'rollout status --chart',
  )
    .option('--chart', 'draw the confidence sequence of the violation rate against the limit')
    .action(
      run<{ chart?: boolean }>(async ({ client, print }, { chart = false }) => {
        const rollout = await client.get<RolloutAnswer>('/v1/rollout');
        const words = lines(rollout.words.map((sentence) => line`${sentence}`));
        if (!chart) return print(rollout, () => words);
        const series = await client.get<SeriesAnswer>('/v1/gate/series');
        print({ ...rollout, series }, () => paragraphs([words, seriesChart(series)]));
      }),
    );

  command(
    group,
    'timeline',
    'Shows each change that the evidence begins anew with, who made it and why, and the figures before and after, by model.',
    'rollout timeline',
  ).action(
    run(async ({ client, print }) => {
      const timeline = await client.get<TimelineAnswer>('/v1/rollout/timeline');
      print(timeline, () => timelineText(timeline));
    }),
  );

  changeCommands(group, run);
  rampCommands(group, run);
};

type Figures = TimelineAnswer['before'][number];

function timelineText({ before, stages, moves }: TimelineAnswer): Shown {
  const changes = stages.map(({ ordinal, since, at, cause, what, by, reason }) => [
    ...[ordinal, since, time(at), CAUSE_WORDS[cause], what, reason],
    actorText(by),
  ]);
  const figures = [
    ...before.map((one) => figuresRow('before', one)),
    ...stages.flatMap(({ ordinal, figures: ofStage }) => ofStage.map((one) => figuresRow(String(ordinal), one))),
  ];
  const moved = moves.map(({ position, time: at, outcome, reasons, stage }) => [
    position,
    time(at),
    stage,
    outcome,
    reasons.join(', '),
  ]);
  return paragraphs([
    table(['stage', 'position', 'time', 'change', 'what', 'why', 'by'], changes, 'no stage has begun'),
    table(
      ['stage', 'model', 'exposures', 'waiting', 'confirmed', 'confirmed share', 'at most, if all that wait are'],
      figures,
      'nothing was exposed',
    ),
    table(['move', 'time', 'stage', 'gate', 'why'], moved, 'the gate has not moved'),
  ]);
}

const figuresRow = (stage: string, { model, exposures, pending, confirmed, low, high, highIfPending }: Figures) => [
  ...[stage, model, exposures, pending, confirmed],
  `${share(low)} to ${share(high)}`,
  share(highIfPending),
];

import type { Command } from 'commander';
import { command } from '../../cli/commands.js';
import { paragraphs, type Shown } from '../../cli/rendering/plain-text.js';
import { pairs, table } from '../../cli/rendering/table.js';
import type { Runner } from '../../cli/session.js';
import type { ReviewersAnswer } from '../queries/reviewers-answer.js';
import { intervalText } from './metrics-table.js';
import { durationText, kappaNumber, kappaText } from './review-figures.js';

export function reviewersCommand(parent: Command, run: Runner): void {
  command(
    parent,
    'reviewers',
    'Shows how each reviewer judges: agreement, precision against overturned decisions, and times (role lead).',
    'metrics reviewers',
  ).action(
    run(async ({ client, print }) => {
      const answer = await client.get<ReviewersAnswer>('/v1/metrics/reviewers');
      print(answer, () => reviewersText(answer));
    }),
  );
}

export function reviewersText({ items, agreement: { krippendorff } }: ReviewersAnswer): Shown {
  const rows = items.map((one) => [
    one.source === null ? one.reviewer : `${one.reviewer} (${one.source})`,
    one.verdicts.safe,
    one.verdicts.unsafe,
    one.verdicts.unsure,
    one.verdicts.modelProblem,
    intervalText(one.agreementWithDecision),
    intervalText(one.precision),
    intervalText(one.overturned),
    intervalText(one.golden),
    one.kappa && kappaNumber(one.kappa.value),
    one.timeToFirstView && durationText(one.timeToFirstView.p50Ms),
    one.timeToVerdict && durationText(one.timeToVerdict.p50Ms),
  ]);
  const head = [
    ...['reviewer', 'safe', 'unsafe', 'unsure', 'model problem', 'agreement (95%)', 'precision (95%)'],
    ...['overturned (95%)', 'golden right (95%)', 'kappa', 'view p50', 'verdict p50'],
  ];
  const all = kappaText(krippendorff, krippendorff?.cases, 'decided rounds with several verdicts');
  return paragraphs([table(head, rows, 'nobody gave a verdict yet'), pairs([['agreement (Krippendorff)', all]])]);
}

import type { Command } from 'commander';
import { command } from '../../cli/commands.js';
import { pairs } from '../../cli/rendering/table.js';
import type { Runner } from '../../cli/session.js';
import type { RestrictedImagesAnswer } from '../queries/restricted-images.js';
import { shareText } from './metrics-table.js';

export function restrictedImagesCommand(parent: Command, run: Runner): void {
  command(
    parent,
    'restricted-images',
    'Shows how many images the rule about photorealistic faces concerns, and how many were shared despite it.',
    'metrics restricted-images',
  ).action(
    run(async ({ client, print }) => {
      const answer = await client.get<RestrictedImagesAnswer>('/v1/metrics/restricted-images');
      print(answer, () =>
        pairs([
          ['rule', answer.rule],
          ['images generated', answer.generated],
          ['shared', answer.shared],
          ['shares denied', 'see the metric gatehouse_access_shares_denied_total, of each process since its start'],
          ['shared despite the rule', shareText(answer.shareOfGenerated, 'such images')],
        ]),
      );
    }),
  );
}

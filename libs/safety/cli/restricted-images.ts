import type { Command } from 'commander';
import { command } from '../../cli/commands.js';
import { number, pairs } from '../../cli/rendering/table.js';
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
          ['shares denied', `${number(answer.sharesDenied)} since ${answer.sharesDeniedSince}`],
          ['denied as unknown', `${number(answer.sharesDeniedUnknown)} since ${answer.sharesDeniedSince}`],
          ['shared despite the rule', shareText(answer.shareOfGenerated, 'such images')],
        ]),
      );
    }),
  );
}

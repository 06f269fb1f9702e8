import { type CommandGroup, command } from '../cli/commands.js';
import { pairs, time } from '../cli/rendering/table.js';
import type { ImageAnswer } from './queries/show-image.js';

export const commands: CommandGroup = (program, run) => {
  const group = program.command('image').description('Shows what other systems reported about images.');
  command(group, 'show <id>', 'Shows an image and its account, never its prompt.', 'image show img-1').action(
    run(async ({ client, print }, _, id) => {
      const image = await client.get<ImageAnswer>(`/v1/images/${encodeURIComponent(id!)}`);
      print(image, () =>
        pairs([
          ['image', image.imageId],
          ['account', image.accountId],
          ['generated', time(image.generatedAt)],
          ['photorealistic', image.photorealistic],
          ['faces', image.faces],
          ['prompt category', image.promptCategory],
        ]),
      );
    }),
  );
};

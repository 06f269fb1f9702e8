import { type CommandGroup, type Condition, command, conditionOf, ifMatch, label } from '../cli/commands.js';
import { line } from '../cli/rendering/plain-text.js';
import { pairs, time } from '../cli/rendering/table.js';
import { saveFile } from '../cli/save-file.js';
import type { WriteReceipt } from '../http/write-receipt.js';
import type { ImageAnswer } from './queries/show-image.js';

export const commands: CommandGroup = (program, run) => {
  const group = program.command('image').description('Shows and previews images, and restores withheld ones.');
  command(group, 'show <id>', 'Shows an image and its account, never its prompt.', 'image show img-1').action(
    run(async ({ client, print }, _, id) => {
      const image = await client.get<ImageAnswer & { etag: string }>(`/v1/images/${encodeURIComponent(id!)}`);
      print(image, () =>
        pairs([
          ['image', image.imageId],
          ['account', image.accountId],
          ['generated', time(image.generatedAt)],
          ['photorealistic', image.photorealistic],
          ['faces', image.faces],
          ['prompt category', image.promptCategory],
          ['withheld', image.withheld],
          ['withheld because', image.withheldBecause],
          ['etag', image.etag],
        ]),
      );
    }),
  );

  command(
    group,
    'preview <id>',
    'Saves a small grey and blurred picture of an image that has a case.',
    'image preview img-1 --out img-1.webp',
  )
    .requiredOption('--out <file>', 'a new file')
    .action(
      run<{ out: string }>(async ({ client, print }, { out }, id) => {
        const path = `/v1/images/${encodeURIComponent(id!)}/preview`;
        const { bytes, mediaType } = await saveFile(out, () => client.content('GET', path));
        print(
          { imageId: id, mediaType, bytes: bytes.length, file: out },
          () => line`${bytes.length} bytes are in ${out}`,
        );
      }),
    );

  command(
    group,
    'restore <id>',
    'Lets a withheld image be shared, downloaded and flagged again. Leads restore those of a problem of the model. Repeating it changes nothing.',
    'image restore img-1 --reason appeal-granted',
  )
    .requiredOption('--reason <label>', 'why, as a lower-case label', label)
    .addOption(ifMatch('image show'))
    .action(
      run<{ reason: string } & Condition>(async ({ client, print }, { reason, ...condition }, id) => {
        const path = `/v1/images/${encodeURIComponent(id!)}/restoration`;
        const written = await client.post<WriteReceipt>(
          path,
          { reason },
          { repeatable: true, ...conditionOf(condition) },
        );
        print({ imageId: id, ...written }, () => line`${id} is not withheld`);
      }),
    );
};

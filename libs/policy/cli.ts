import { readFile } from 'node:fs/promises';
import { type CommandGroup, command } from '../cli/commands.js';
import { rowsOf, table } from '../cli/rendering/table.js';
import type { WriteReceipt } from '../http/write-receipt.js';
import { InvalidInput } from '../kernel/errors.js';
import type { PolicyAnswer } from './queries/show-policy.js';

export const commands: CommandGroup = (program, run) => {
  const group = program
    .command('policy')
    .description('Publishes and shows the content policy, which people must accept before they get access.');

  command(
    group,
    'publish <version>',
    'Puts a version into force. From then on, access requires its acceptance.',
    'policy publish 2022-05-18 --link https://example.org/policy --text-file policy.md',
  )
    .option('--link <url>', 'URL of the text')
    .option('--text-file <file>', 'file with the text; its SHA-256 is stored as proof of what was accepted')
    .action(
      run<{ link?: string; textFile?: string }>(async ({ client, print }, { link, textFile }, version) => {
        const text = textFile === undefined ? undefined : await textOf(textFile);
        const written = await client.post<WriteReceipt>(
          '/v1/policy',
          { version, url: link, text },
          { repeatable: true },
        );
        print({ version, ...written }, () => `content policy ${version} is in force from position ${written.position}`);
      }),
    );

  command(group, 'show', 'Lists the version in force and the earlier ones.', 'policy show').action(
    run(async ({ client, print }) => {
      const policy = await client.get<PolicyAnswer>('/v1/policy');
      const versions = policy.versions.map((one) => ({ ...one, inForce: one.position === policy.current?.position }));
      print(policy, () =>
        table(
          ['version', 'published', 'in force', 'link', 'digest'],
          rowsOf(versions, 'version', 'publishedAt', 'inForce', 'url', 'digest'),
          'no content policy is published; publish one with: gatehouse policy publish VERSION',
        ),
      );
    }),
  );
};

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new InvalidInput([{ field: '--text-file', message: `cannot read ${file} (${code}): check the path` }]);
  }
}

import type { Command } from 'commander';
import { command, severalOf } from '../../cli/commands.js';
import { line } from '../../cli/rendering/plain-text.js';
import type { Runner } from '../../cli/session.js';
import { publishLog } from '../publishing/publish-log.js';
import { PublishedFiles } from '../publishing/published-files.js';
import { trustedKeys } from './trusted-keys.js';

export function publishCommand(group: Command, run: Runner): void {
  command(
    group,
    'publish <directory>',
    'Writes the log of leaves as static files, as C2SP tlog-tiles has it, for any web server: only what is new since the last time, and never anything that does not follow from its signed checkpoint. Repeat it as often as you want to publish.',
    'audit publish /srv/www/log',
  )
    .option('--key <key>', 'the only keys of the log that count; by default those that the server names', severalOf)
    .action(
      run<{ key?: string[] }>(async ({ client, print, progress }, { key }, directory) => {
        const trusted = await trustedKeys(client, key);
        const text = async (path: string) => (await client.content('GET', path)).bytes;
        const log = {
          checkpoint: async () => String(await text('/log/checkpoint')),
          tile: (path: string) => text(`/log/tile/${path}`),
        };
        let isStarted = false;
        const published = await publishLog(log, new PublishedFiles(directory), trusted, (size, of) => {
          if (!isStarted) progress.start('publish events', of);
          isStarted = true;
          progress.update(size);
        });
        const { origin, size, before } = published;
        print(
          { directory, ...published },
          () => line`${size} events of ${origin} are published, ${size - before} of them new`,
        );
      }),
    );
}

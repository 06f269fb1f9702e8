import type { Command } from 'commander';
import { command, severalOf } from '../../cli/commands.js';
import { line } from '../../cli/rendering/plain-text.js';
import type { Runner } from '../../cli/session.js';
import type { LogKeysAnswer } from '../queries/proof-endpoints.js';

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
        const { publishLog, PublishedFiles, logKeyOf } = await backend();
        const named = key ?? (await client.get<LogKeysAnswer>('/log/keys')).keys.map(({ verifier }) => verifier);
        const trusted = named.map((text) => logKeyOf('--key', text));
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

/** Loaded only by the command that needs it. */
const backend = async () => ({
  ...(await import('../publishing/publish-log.js')),
  ...(await import('../publishing/published-files.js')),
  ...(await import('../evidence/check-bundle.js')),
});

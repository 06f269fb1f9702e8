import type { Command } from 'commander';
import { command, integer, severalOf } from '../../cli/commands.js';
import { line, lines } from '../../cli/rendering/plain-text.js';
import type { Runner } from '../../cli/session.js';

/** A witness for logs of others, to run on another machine than they do. */
export function witnessCommands(program: Command, run: Runner): void {
  const group = program
    .command('witness')
    .description(
      'A witness signs checkpoints of a log as long as it only ever grows. Run it where the log does not run.',
    );

  command(
    group,
    'serve',
    'Serves a witness (C2SP tlog-witness) until Ctrl-C. It keeps its key and what it has signed in a directory of its own; prints the line for the policy of those who trust it.',
    'witness serve --name witness.example.org/w1 --data /var/lib/witness --log "example.org/log/9c1f03ab55d2+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"',
  )
    .requiredOption('--name <name>', 'name of the witness: an address of yours without https://')
    .requiredOption('--data <directory>', 'directory of its key and of what it has signed')
    .requiredOption('--log <key>', 'key of a log, as audit keys shows it; may be repeated', severalOf)
    .option('--host <address>', 'address to listen at', '127.0.0.1')
    .option('--port <port>', 'port to listen at; 0 picks a free one', integer(0, 65_535), 8090)
    .action(
      run<{ name: string; data: string; log: string[]; host: string; port: number }>(
        async ({ printItem, remark, signal }, { name, data, log, host, port }) => {
          const { startWitness } = await import('../witness/start-witness.js');
          const { logKeyOf } = await import('../evidence/check-bundle.js');
          const failed = (error: unknown) => remark(line`a request failed: ${(error as Error).message}`);
          const witness = await startWitness({
            name,
            directory: data,
            logs: log.map((text) => logKeyOf('--log', text)),
            host,
            port,
            failed,
          });
          const { url, verifier } = witness;
          printItem({ url, verifier }, () =>
            lines([line`the witness listens at ${url}`, line`witness NAME ${verifier} ${url}`]),
          );
          await new Promise<void>((resolve) => {
            if (signal.aborted) resolve();
            else signal.addEventListener('abort', () => resolve(), { once: true });
          });
          await witness.close();
        },
      ),
    );
}

import type { Command } from 'commander';
import { type CommandGroup, command, position, reason } from '../../cli/commands.js';
import { line } from '../../cli/rendering/plain-text.js';
import type { WriteReceipt } from '../../http/write-receipt.js';
import type { EnforcementAnswer } from '../queries/enforcement-answer.js';

const pathOf = (id: string, part: string): string => `/v1/enforcements/${encodeURIComponent(id)}/${part}`;

const isOutstanding = (one: EnforcementAnswer['acknowledgements'][number]): boolean =>
  one.acknowledgedAt === null && one.isRegistered && !one.isLifted;

/** Commands that follow an enforcement to its end. */
export function followingCommands(group: Command, run: Parameters<CommandGroup>[1]): void {
  command(
    group,
    'acknowledge <id> <target>',
    'Says for a target that it has carried out an enforcement (role service or administrator).',
    'enforcement acknowledge img-1 session-service',
  )
    .option('--position <position>', 'the position up to which the target has applied the log', position)
    .action(
      run<{ position?: string }>(async ({ client, print }, given, id, target) => {
        const body = { target, position: given.position };
        const written = await client.post<WriteReceipt>(pathOf(id!, 'acknowledgements'), body, { repeatable: true });
        print(written, () => line`nothing about ${id} waits for ${target} up to position ${written.position}`);
      }),
    );
  command(
    group,
    'redeliver <id>',
    'Asks the targets again that have not acknowledged an enforcement.',
    "enforcement redeliver img-1 --reason 'the session service was restored'",
  )
    .requiredOption('--reason <text>', 'why', reason)
    .action(
      run<{ reason: string }>(async ({ client, print }, body, id) => {
        const written = await client.post<WriteReceipt>(pathOf(id!, 'redelivery'), body);
        // The receipt looks the same if there was nothing to ask.
        const { acknowledgements } = await client.get<EnforcementAnswer>(`/v1/enforcements/${encodeURIComponent(id!)}`);
        print(written, () =>
          acknowledgements.some(isOutstanding)
            ? line`the targets that had not acknowledged ${id} are asked again at position ${written.position}`
            : line`no target has anything of ${id} to acknowledge, so none is asked again`,
        );
      }),
    );
}

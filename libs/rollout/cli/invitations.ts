import { type CommandGroup, command, integer, severalOf, sharedGroup } from '../../cli/commands.js';
import { line } from '../../cli/rendering/plain-text.js';
import { pairs } from '../../cli/rendering/table.js';
import type { BatchSentAnswer } from '../features/send-invitations.js';
import type { InvitationsAnswer } from '../queries/show-invitations.js';

export const invitationCommands: CommandGroup = (program, run) => {
  const group = sharedGroup(program, 'cohort', 'Onboards people in cohorts, and shows them.');
  command(
    group,
    'invite',
    'Invites accounts of the waitlist, and holds a place of the rate for each. Repeating it with the same id changes nothing.',
    'cohort invite --accounts acc-1,acc-2 --id spring --days 7',
  )
    .requiredOption('--accounts <ids>', 'the accounts, separated by commas', severalOf)
    .option('--id <batch>', 'the id of the batch; generated if none is given')
    .option('--days <n>', 'for how many days they can accept (default: 7)', integer(1, 90))
    .action(
      run<{ accounts: string[]; id?: string; days?: number }>(
        async ({ client, ids, print }, { accounts, id, days }) => {
          const body = { batchId: id ?? ids.next(), accounts, days };
          const sent = await client.post<BatchSentAnswer>('/v1/invitations', body, { repeatable: true });
          print(sent, () => line`batch ${sent.batchId} holds ${sent.places} places until ${sent.until}`);
        },
      ),
    );
  command(
    group,
    'invitations <batch>',
    'Shows a batch of invitations: the places that it holds, and the people who came in.',
    'cohort invitations spring',
  ).action(
    run(async ({ client, print }, _, batch) => {
      const answer = await client.get<InvitationsAnswer>(`/v1/invitations/${encodeURIComponent(batch!)}`);
      print(answer, () =>
        pairs([
          ['batch', answer.batchId],
          ['status', answer.status],
          ['places held', answer.held],
          ['people admitted', answer.admitted],
          ['until', answer.until],
        ]),
      );
    }),
  );
};

import { type CommandGroup, command, integer, reason, severalOf, sharedGroup } from '../../cli/commands.js';
import { line, type Shown } from '../../cli/rendering/plain-text.js';
import { table, time } from '../../cli/rendering/table.js';
import { listed } from '../../cli/session.js';
import { counted } from '../../kernel/counted.js';
import { MAX_PER_WEEK } from '../../kernel/rollout-limits.js';
import type { BatchSentAnswer } from '../features/send-invitations.js';
import type { BatchWithdrawnAnswer } from '../features/withdraw-invitations.js';
import type { InvitationsAnswer } from '../queries/batch-list.js';

interface Inviting {
  size?: number;
  accounts?: string[];
  priority?: number;
  id?: string;
  days?: number;
}

export const invitationCommands: CommandGroup = (program, run) => {
  const group = sharedGroup(program, 'cohort', 'Onboards people in cohorts, and shows them.');
  command(
    group,
    'invite',
    'Invites people of the waitlist, and holds a place of the rate for each. Repeating it with the same id changes nothing.',
    'cohort invite --size 1000 --id spring --days 7',
    'cohort invite --accounts acc-1,acc-2',
  )
    .option(
      '--size <n>',
      'number of people, from the front of the waitlist; by default as many as the rate allows',
      integer(1, MAX_PER_WEEK),
    )
    .option('--accounts <ids>', 'these accounts instead, separated by commas', severalOf)
    .option('--priority <class>', 'only people of this priority class', integer(0, 9))
    .option('--id <batch>', 'the id of the batch; generated if none is given')
    .option('--days <n>', 'for how many days they can accept (default: 7)', integer(1, 90))
    .action(
      run<Inviting>(async ({ client, ids, print }, { id, ...asked }) => {
        const body = { batchId: id ?? ids.next(), ...asked };
        const sent = await client.post<BatchSentAnswer>('/v1/invitations', body, { repeatable: true });
        print(sent, () => line`batch ${sent.batchId} holds ${counted(sent.places, 'place')} until ${sent.until}`);
      }),
    );
  command(
    group,
    'withdraw-invitations',
    'Withdraws a batch of invitations: nobody else is invited with it or accepts, its open places are free, and its people are in the line again. Who accepted still comes in. It can’t be reverted.',
    "cohort withdraw-invitations spring 'sent to the wrong people'",
  )
    .argument('<batch>', 'the batch, as cohort invitations prints it')
    .argument('<reason>', 'why', reason)
    .action(
      run<object>(async ({ client, print }, _, batch, why) => {
        const path = `/v1/invitations/${encodeURIComponent(batch!)}/withdrawal`;
        const withdrawn = await client.post<BatchWithdrawnAnswer>(path, { reason: why }, { repeatable: true });
        print(withdrawn, () => withdrawnText(withdrawn));
      }),
    );
  command(
    group,
    'invitations [batch]',
    'Lists batches of invitations, the newest first, or shows one: the places that it holds, and what became of the invitations.',
    'cohort invitations',
    'cohort invitations spring',
  )
    .option('--limit <n>', 'maximum number of batches', integer(1, 1_000_000), 50)
    .action(
      run<{ limit: number }>(async (session, { limit }, batch) => {
        if (batch === undefined) {
          const items = await listed<InvitationsAnswer>(session, '/v1/invitations', {}, limit);
          return session.print({ items }, () => batchTable(items));
        }
        const answer = await session.client.get<InvitationsAnswer>(`/v1/invitations/${encodeURIComponent(batch)}`);
        session.print(answer, () => batchTable([answer]));
      }),
    );
};

const withdrawnText = ({ batchId, held }: BatchWithdrawnAnswer): Shown => {
  const others = held === 0 ? '' : `; ${counted(held, 'place stays', 'places stay')} held for people who accepted`;
  return line`batch ${batchId} is withdrawn, and its people are in the line again${others}`;
};

const batchTable = (batches: readonly InvitationsAnswer[]): Shown =>
  table(
    ['batch', 'status', 'places', 'held', 'invited', 'accepted', 'expired', 'withdrawn', 'admitted', 'until', 'why'],
    batches.map((one) => [
      ...[
        one.batchId,
        one.status,
        one.places,
        one.held,
        one.sent,
        one.accepted,
        one.expired,
        one.withdrawn,
        one.admitted,
      ],
      ...[time(one.until), one.withdrawal === null ? '' : `${one.withdrawal.by}: ${one.withdrawal.reason}`],
    ]),
    'there are no batches of invitations',
  );

import { type CommandGroup, command, integer, label, reason, sharedGroup } from '../../cli/commands.js';
import { line } from '../../cli/rendering/plain-text.js';
import type { Session } from '../../cli/session.js';
import type { WriteReceipt } from '../../http/write-receipt.js';
import { counted, people } from '../../kernel/counted.js';
import { pause } from '../../kernel/wait.js';
import type { ConfirmationsAnswer } from '../features/request-confirmations.js';

const HOUR_MS = 3_600_000;
const PARTS_PER_HOUR = 360;
const LARGEST_PART = 1_000;

interface Asking {
  reason: string;
  class?: string;
  olderThan?: number;
  perHour: number;
  dryRun?: boolean;
}

export const waitlistConfirmationCommands: CommandGroup = (program, run) => {
  const group = sharedGroup(program, 'waitlist', 'Adds people to the waitlist, removes them and lists it.');
  command(
    group,
    'confirm <account>',
    'Confirms the address of an account by hand, so that it can be chosen. Repeating it changes nothing.',
    "waitlist confirm acc-1 --reason 'confirmed by telephone'",
  )
    .requiredOption('--reason <text>', 'why', reason)
    .action(
      run<{ reason: string }>(async ({ client, print }, { reason }, account) => {
        const path = `/v1/waitlist/${encodeURIComponent(account!)}/confirmation`;
        const receipt = await client.post<WriteReceipt>(path, { reason }, { repeatable: true });
        print(receipt, () => line`the address of account ${account!} is confirmed`);
      }),
    );

  command(
    group,
    'resend-confirmation <account>',
    'Sends the person another link to confirm the address. The one before is no longer valid, and nobody chooses the account before it is used.',
    'waitlist resend-confirmation acc-1',
  ).action(
    run(async ({ client, print }, _, account) => {
      const path = `/v1/waitlist/${encodeURIComponent(account!)}/confirmation-requests`;
      const receipt = await client.post<WriteReceipt>(path, {});
      print(receipt, () => line`a link goes to the address of account ${account!}, unless it is confirmed`);
    }),
  );

  command(
    group,
    'resend-confirmations',
    'Sends another link to everybody who has to confirm an address, in the order of joining. It asks nobody sooner than `resend-confirmation` would, so repeat it after an interruption.',
    "waitlist resend-confirmations --older-than 7 --reason 'the first mails were lost'",
    "waitlist resend-confirmations --dry-run --reason 'how many'",
  )
    .requiredOption('--reason <text>', 'why', reason)
    .option('--class <class>', 'only people of this class', label)
    .option('--older-than <days>', 'only people who joined so many days ago, or earlier', integer(0, 3_650))
    .option('--per-hour <n>', 'links an hour, as your mail server allows', integer(1, 1_000_000), 3_600)
    .option('--dry-run', 'only count whom it would ask')
    .action(
      run<Asking>(async (session, asking) => {
        const asked = await askAll(session, asking);
        session.print(asked, () => askedText(asked, asking.dryRun === true));
      }),
    );
};

/** Each part of a run takes as long as its links may. */
async function askAll({ client, remark }: Session, { perHour, dryRun, ...chosen }: Asking) {
  const limit = dryRun ? LARGEST_PART : Math.min(LARGEST_PART, Math.ceil(perHour / PARTS_PER_HOUR));
  const all = { asked: 0, tooSoon: 0, others: 0 };
  for (let cursor: string | undefined, isLast = false; !isLast; isLast = cursor === undefined) {
    const { reason, class: of, olderThan: olderThanDays } = chosen;
    const body = { reason, class: of, olderThanDays, limit, cursor, dryRun };
    const part = await client.post<ConfirmationsAnswer>('/v1/waitlist/confirmation-requests', body, {
      repeatable: true,
    });
    for (const outcome of ['asked', 'tooSoon', 'others'] as const) all[outcome] += part[outcome];
    cursor = part.nextCursor;
    if (cursor === undefined || dryRun) continue;
    remark(line`${people(all.asked)} asked so far`);
    await pause((part.asked * HOUR_MS) / perHour);
  }
  return all;
}

const askedText = ({ asked, tooSoon, others }: ConfirmationsAnswer, isDry: boolean) => {
  const rest = `${counted(tooSoon, 'has', 'have')} had one too recently, ${counted(others, 'needs', 'need')} none any more`;
  return isDry
    ? line`${people(asked)} would get a link, ${rest}`
    : line`${people(asked, ['gets', 'get'])} a link, ${rest}`;
};

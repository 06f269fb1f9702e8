import { type CommandGroup, command, reason, sharedGroup } from '../../cli/commands.js';
import { line } from '../../cli/rendering/plain-text.js';
import type { WriteReceipt } from '../../http/write-receipt.js';

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
};

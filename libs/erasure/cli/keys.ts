import { type CommandGroup, command, reason } from '../../cli/commands.js';
import { line, lines } from '../../cli/rendering/plain-text.js';
import { time } from '../../cli/rendering/table.js';
import type { WriteReceipt } from '../../http/write-receipt.js';
import type { RootKeyAnswer } from '../queries/show-root-key.js';

const PATH = '/v1/root-key';

export const keysCommands: CommandGroup = (program, run) => {
  const group = program.command('keys').description('The root key, which encrypts the keys of personal data.');

  command(
    group,
    'show',
    'Shows since when the root key is in use, and whether it is being replaced.',
    'keys show',
  ).action(
    run(async ({ client, print }) => {
      const found = await client.get<RootKeyAnswer>(PATH);
      print(found, () => rootKeyText(found));
    }),
  );

  command(
    group,
    'rotate',
    'Replaces the root key: encrypts the key store anew, so that the former one decrypts nothing of it any more. Processes follow by themselves. Repeating it changes nothing while it is carried out. Role administrator.',
    "keys rotate --reason 'yearly'",
  )
    .requiredOption('--reason <text>', 'why; no personal data', reason)
    .action(
      run<{ reason: string }>(async ({ client, print }, { reason: why }) => {
        await client.post<WriteReceipt>(`${PATH}/rotations`, { reason: why }, { repeatable: true });
        const found = await client.get<RootKeyAnswer>(PATH);
        print(found, () => rootKeyText(found));
      }),
    );
};

function rootKeyText({ status, keeper, since, keyEpoch, waitingFor }: RootKeyAnswer) {
  const first = line`the root key is kept by a ${keeper}, in use since ${since === null ? 'a release before this one' : time(since)}; the key store is of epoch ${keyEpoch}`;
  if (status === 'in-use') return first;
  const left = waitingFor.length > 0 ? waitingFor.join(', ') : 'the process that carries it out';
  return lines([first, line`it is being replaced, waiting for ${left}: gatehouse keys show`]);
}

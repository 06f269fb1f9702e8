import { setTimeout as sleep } from 'node:timers/promises';
import { type CommandGroup, command, integer, reason, severalOf, sharedGroup } from '../cli/commands.js';
import { EXIT } from '../cli/exit-codes.js';
import { line, lines, paragraphs, type Shown } from '../cli/rendering/plain-text.js';
import { rowsOf, table } from '../cli/rendering/table.js';
import type { Session } from '../cli/session.js';
import { GatehouseError } from '../kernel/errors.js';
import { evidenceCommands } from './cli/evidence.js';
import { publishCommand } from './cli/publish.js';
import { witnessCommands } from './cli/witness.js';
import type { KeyRotationAnswer } from './features/rotate-key.js';
import type { LogKeysAnswer } from './queries/proof-endpoints.js';
import type { LogVerification } from './verification/verifications.js';

const POLL_MS = 200;

export const commands: CommandGroup = (program, run) => {
  const group = sharedGroup(
    program,
    'audit',
    'Shows what was known when, by whom and why, and proves that nobody changed the log.',
  );

  command(
    group,
    'keys',
    'Shows the name of the log and its public keys, with which anybody can verify its checkpoints.',
    'audit keys',
    'audit keys --json',
  ).action(
    run(async ({ client, print }) => {
      const answer = await client.get<LogKeysAnswer>('/log/keys');
      print(answer, () =>
        paragraphs([
          line`origin ${answer.origin}`,
          table(
            ['verifier key', 'since', 'until'],
            rowsOf(answer.keys, 'verifier', 'since', 'until'),
            'nothing has been signed yet',
          ),
          ...(answer.offered.length === 0
            ? []
            : [
                table(
                  ['keys that do not sign yet'],
                  answer.offered.map((key) => [key]),
                ),
              ]),
        ]),
      );
    }),
  );

  command(
    group,
    'rotate-key',
    'Puts a new key in the place of the one that signs the checkpoints: the one of GATEHOUSE_PROOF_NEXT_KEY or GATEHOUSE_PROOF_SIGNER. For a while both sign. It is recorded who did that and why. Role administrator.',
    'audit rotate-key --reason yearly',
  )
    .requiredOption('--reason <text>', 'why; no personal data', reason)
    .option('--key <key>', 'the new key, if projectors have several; audit keys shows them')
    .option('--overlap-hours <n>', 'for how many hours the old key signs too', integer(0, 8_760), 168)
    .action(
      run<{ reason: string; key?: string; overlapHours: number }>(async ({ client, print }, options) => {
        const answer = await client.post<KeyRotationAnswer>('/v1/log-key-rotations', options);
        print(answer, () =>
          lines([
            line`the new key is ${answer.newKey}: pass it on`,
            line`for ${answer.overlapHours} hours checkpoints have the signatures of both`,
          ]),
        );
      }),
    );

  command(
    group,
    'verify',
    `Compares the stored events with the log of leaves and its signed checkpoints, from where the last verification ended. Names the first position that was altered; the exit code is then ${EXIT.differs}. Role compliance or administrator.`,
    'audit verify',
    'audit verify --full --key "example.org/log/9c1f03ab55d2+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"',
  )
    .option('--full', 'from the first event on')
    .option('--key <key>', 'the only keys whose signatures count, as audit keys shows them; may be repeated', severalOf)
    .action(
      run<{ full?: boolean; key?: string[] }>(async (session, { full = false, key = [] }) => {
        const { client, print } = session;
        const started = await client.post<LogVerification>('/v1/log-verifications', {
          full,
          ...(key.length > 0 && { keys: key }),
        });
        const found = await finished(session, started);
        print(found, () => verificationText(found));
        return found.status === 'altered' ? EXIT.differs : EXIT.done;
      }),
    );

  evidenceCommands(group, run);
  publishCommand(group, run);
  witnessCommands(program, run);
};

async function finished({ client, progress, signal }: Session, started: LogVerification): Promise<LogVerification> {
  let total = '0';
  for (let one = started; ; one = await client.get<LogVerification>(`/v1/log-verifications/${started.id}`)) {
    if (one.of !== total) {
      total = one.of;
      progress.start('verify to position', Number(total));
    }
    progress.update(Number(one.position));
    if (one.status !== 'running') {
      progress.end();
      if (one.status === 'failed')
        throw new GatehouseError('verification-failed', `the verification failed: ${one.error}`, 'failed');
      return one;
    }
    await sleep(POLL_MS, undefined, { signal });
  }
}

export function verificationText(found: LogVerification): Shown {
  const { fault, fromLeaf = 0, toLeaf = 0, checkpoints = 0, otherCheckpoints = 0, withoutLeaf = 0 } = found;
  const compared = line`${toLeaf - fromLeaf} events and ${checkpoints} checkpoints are as they were signed`;
  const place = fault?.position === undefined ? line`` : line` at position ${fault.position}`;
  const parts = fault ? [line`ALTERED${place}: ${fault.detail}`, compared] : [line`intact: ${compared}`];
  if (withoutLeaf > 0) parts.push(line`${withoutLeaf} events have no leaf yet: the log of leaves is behind`);
  if (otherCheckpoints > 0)
    parts.push(
      line`${otherCheckpoints} checkpoints of earlier names are not of this log: it was restored or replaced since`,
    );
  if (fromLeaf > 0) parts.push(line`the first ${fromLeaf} events were verified before: --full compares them again`);
  return lines(parts);
}

import { Option } from 'commander';
import { type CommandGroup, command, instant, reason } from '../../cli/commands.js';
import { line, lines, type Shown } from '../../cli/rendering/plain-text.js';
import type { Session } from '../../cli/session.js';
import type { WriteReceipt } from '../../http/write-receipt.js';
import type { ExplanationAnswer } from '../queries/explain-move.js';
import type { GateAnswer } from '../queries/show-gate.js';
import { gateText } from './gate-text.js';

/** The commands of an override, which needs two persons. */
export const overrideCommands: CommandGroup = (group, run) => {
  command(
    group,
    'override',
    'Proposes that something else holds than what the gate decides, until a time. Another person has to approve it.',
    "gate override --to hold --until 2032-06-01T00:00:00Z 'reviewers of a partner help out'",
  )
    .argument('<reason>', 'why', reason)
    .addOption(
      new Option('--to <outcome>', 'hold frees admissions from a brake, expand supports a raise')
        .choices(['hold', 'expand'])
        .makeOptionMandatory(),
    )
    .requiredOption('--until <time>', 'when it ends, at most 30 days from now', instant)
    .option('--id <id>', 'makes the command safe to repeat; generated if absent')
    .action(
      run<{ to: string; until: string; id?: string }>(async (session, { to, until, id }, why) => {
        const overrideId = id ?? session.ids.next();
        const proposal = { overrideId, outcome: to, reason: why, until };
        await session.client.post<WriteReceipt>('/v1/gate/overrides', proposal, { repeatable: true });
        await shown(session);
      }),
    );

  command(group, 'approve', 'Approves an override that another person proposed.', 'gate approve o-1')
    .argument('<id>', 'of the override, as gate show prints it')
    .action(
      run(async (session, _, id) => {
        const path = `/v1/gate/overrides/${encodeURIComponent(id!)}/approval`;
        await session.client.post<WriteReceipt>(path, undefined, { repeatable: true });
        await shown(session);
      }),
    );

  command(
    group,
    'end-override',
    'Ends the override in force, and a proposal.',
    "gate end-override 'the backlog is gone'",
  )
    .argument('<reason>', 'why', reason)
    .action(
      run(async (session, _, why) => {
        await session.client.delete<WriteReceipt>('/v1/gate/override', { query: { reason: why! } });
        await shown(session);
      }),
    );
};

async function shown({ client, print }: Session): Promise<void> {
  const gate = await client.get<GateAnswer>('/v1/gate');
  print(gate, () => gateText(gate));
}

/** What `gatehouse gate explain` prints. */
export function explanationText({ agrees, differences, move, time, decided, recomputed }: ExplanationAnswer): Shown {
  const parts = Object.keys(recomputed).map((name) => [name, JSON.stringify(recomputed[name])] as const);
  return lines([
    line`The move at position ${move} (${time}): ${String(decided.outcome)}. The recomputation from the log ${agrees ? 'agrees' : `differs in ${differences.join(', ')}`}.`,
    ...parts.map(([name, value]) => line`${name}: ${value}`),
    ...(agrees ? [] : differences.map((name) => line`decided ${name}: ${JSON.stringify(decided[name])}`)),
  ]);
}

import { Argument, type Command, InvalidArgumentError } from 'commander';
import {
  type CommandGroup,
  type Condition,
  command,
  conditionOf,
  ifMatch,
  integer,
  reason,
} from '../../cli/commands.js';
import { line } from '../../cli/rendering/plain-text.js';
import { table } from '../../cli/rendering/table.js';
import type { WriteReceipt } from '../../http/write-receipt.js';
import type { TargetsAnswer } from '../queries/show-targets.js';
import type { Consequence, MAX_SECONDS as LIMIT } from '../target-events.js';

/** Complete and equal by their types: the values themselves would load the schemas. */
const BY_CONSEQUENCE: Record<Consequence, true> = { restrict: true, suspend: true, deactivate: true, withhold: true };
const CONSEQUENCES = Object.keys(BY_CONSEQUENCE);
/** Seven days. */
const MAX_SECONDS: typeof LIMIT = 604_800;

interface Given extends Condition {
  reason: string;
  deadline: number;
  retry: number;
}

const pathOf = (name: string): string => `/v1/enforcement-targets/${encodeURIComponent(name)}`;

function consequences(text: string): string {
  const other = text.split(',').find((one) => !CONSEQUENCES.includes(one));
  if (other !== undefined) throw new InvalidArgumentError(`${other} is none of ${CONSEQUENCES.join(', ')}`);
  return text;
}

/** Commands about the systems that acknowledge enforcements. */
export function targetCommands(group: Command, run: Parameters<CommandGroup>[1]): void {
  command(group, 'list', 'Lists the systems that acknowledge enforcements.', 'target list').action(
    run(async ({ client, print }) => {
      const answer = await client.get<TargetsAnswer>('/v1/enforcement-targets');
      const rows = answer.items.map((one) => [
        ...[one.name, one.consequences.join(', '), one.deadlineSeconds, one.retrySeconds],
        ...[one.reason, one.etag],
      ]);
      const heads = ['target', 'carries out', 'deadline s', 'retry s', 'reason', 'etag'];
      print(answer, () => table(heads, rows, 'no target is registered'));
    }),
  );
  changing(
    command(
      group,
      'set',
      'Registers a system that acknowledges enforcements, or changes its terms. Repeating it changes nothing.',
      "target set session-service suspend,deactivate --deadline 60 --reason 'sessions end with the account'",
    ),
  )
    .addArgument(
      new Argument('<consequences>', `what it carries out, separated by commas: ${CONSEQUENCES.join(', ')}`).argParser(
        consequences,
      ),
    )
    .option('--deadline <seconds>', 'within how many seconds it acknowledges', integer(1, MAX_SECONDS), 60)
    .option(
      '--retry <seconds>',
      'after how many it is asked again, twice as many each time',
      integer(1, MAX_SECONDS),
      60,
    )
    .action(
      run<Given>(async ({ client, print }, given, name, wanted) => {
        const body = {
          consequences: wanted!.split(','),
          deadlineSeconds: given.deadline,
          retrySeconds: given.retry,
          reason: given.reason,
        };
        const written = await client.put<WriteReceipt>(pathOf(name!), body, conditionOf(given));
        print(written, () => line`${name} is asked about what is ordered from position ${written.position} on`);
      }),
    );
  changing(
    command(
      group,
      'remove',
      'Removes a system that acknowledges enforcements: nothing waits for it any more. Repeating it changes nothing.',
      "target remove session-service --reason 'replaced by the gateway'",
    ),
  ).action(
    run<Given>(async ({ client, print }, given, name) => {
      const options = { query: { reason: given.reason }, ...conditionOf(given) };
      const written = await client.request<WriteReceipt>('DELETE', pathOf(name!), options);
      print(written, () => line`${name} is no target`);
    }),
  );
}

const changing = (one: Command): Command =>
  one
    .argument('<name>', 'the name of the target')
    .requiredOption('--reason <text>', 'why', reason)
    .addOption(ifMatch('target list'));

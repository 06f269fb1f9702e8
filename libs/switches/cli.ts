import { Argument, type Command } from 'commander';
import type { Query } from '../cli/api-client.js';
import { remarkUnknownCohort } from '../cli/cohort-warning.js';
import { type CommandGroup, type Condition, command, conditionOf, ifMatch, instant, reason } from '../cli/commands.js';
import { actorText } from '../cli/rendering/actor.js';
import { line, paragraphs, type Shown } from '../cli/rendering/plain-text.js';
import { pairs, rowsOf, table, time } from '../cli/rendering/table.js';
import { whomText } from '../cli/rendering/whom.js';
import type { Session } from '../cli/session.js';
import type { WriteReceipt } from '../http/write-receipt.js';
import type { SwitchedAction } from './events.js';
import type { SwitchesAnswer } from './queries/list-switches.js';
import type { SwitchAnswer } from './queries/show-switch.js';

/** Complete by its type: the list itself would load the schemas. */
const ACTIONS: Record<SwitchedAction, true> = { generate: true, share: true, download: true, join: true };

interface Given extends Condition {
  cohort?: string;
  until?: string;
}

export const commands: CommandGroup = (program, run) => {
  const group = program
    .command('switch')
    .description('Suspends an action at once, for everyone or for one cohort, and resumes it.');

  command(group, 'list', 'Lists the actions that are suspended now.', 'switch list').action(
    run(async ({ client, print }) => {
      const answer = await client.get<SwitchesAnswer>('/v1/switches');
      print(answer, () =>
        table(
          ['action', 'for', 'by', 'since', 'until', 'reason'],
          answer.items.map((one) => [
            one.action,
            one.cohortId ?? 'everyone',
            one.phase === null ? 'an operator' : `the phase ${one.phase}`,
            time(one.since),
            endText(one),
            one.reason,
          ]),
          'nothing is suspended',
        ),
      );
    }),
  );

  forCohort(
    command(
      group,
      'show',
      'Shows whether an action is suspended, the etag of its switch, and who changed it why.',
      'switch show generate',
      'switch show share --cohort week-20',
    ).addArgument(action()),
  ).action(run<Given>(async (session, given, name) => showSwitch(session, name!, given)));

  forCohort(
    command(
      group,
      'suspend',
      'Denies an action until a given time or until it is resumed. Repeating it changes nothing.',
      "switch suspend generate 'the filter lets violent prompts pass' --until 2032-06-01T12:00:00Z",
      "switch suspend share 'leaked links' --cohort week-20",
    )
      .addArgument(action())
      .argument('<reason>', 'the reason, shown to other operators', reason)
      .option('--until <time>', 'when the action is allowed again by itself (RFC 3339)', instant)
      .addOption(ifMatch('switch show')),
  ).action(
    run<Given>(async (session, given, name, reason) => {
      const body = { reason, until: given.until };
      await session.client.request<WriteReceipt>('PUT', pathOf(name!), { body, ...optionsOf(given) });
      await remarkUnknownCohort(session, given.cohort, 'The suspension');
      return showSwitch(session, name!, given);
    }),
  );

  forCohort(
    command(
      group,
      'resume',
      'Allows a suspended action again, and names suspensions of it that remain. Repeating it changes nothing.',
      "switch resume generate 'the filter is fixed'",
      `switch resume share 'links replaced' --cohort week-20 --if-match '"9c1f03ab55d2-1042"'`,
    )
      .addArgument(action())
      .argument('<reason>', 'the reason, shown to other operators', reason)
      .addOption(ifMatch('switch show')),
  ).action(
    run<Given>(async (session, given, name, reason) => {
      const { query, ...condition } = optionsOf(given);
      await session.client.request<WriteReceipt>('DELETE', pathOf(name!), {
        query: { ...query, reason },
        ...condition,
      });
      await showSwitch(session, name!, given);
      const { items } = await session.client.get<SwitchesAnswer>('/v1/switches');
      for (const one of items.filter(({ action }) => action === name))
        session.remark(line`still suspended: ${suspensionText(one)}`);
    }),
  );
};

const action = () => new Argument('<action>', 'the action').choices(Object.keys(ACTIONS));

const forCohort = (one: Command): Command => one.option('--cohort <id>', 'only for this cohort; everyone by default');

const pathOf = (name: string): string => `/v1/switches/${encodeURIComponent(name)}`;

const optionsOf = ({ cohort, ...condition }: Given): { query: Query; headers?: Record<string, string> } => ({
  query: { cohortId: cohort },
  ...conditionOf(condition),
});

async function showSwitch({ client, print }: Session, name: string, { cohort }: Given): Promise<void> {
  const answer = await client.get<SwitchAnswer>(pathOf(name), { cohortId: cohort });
  print(answer, () => switchText(answer));
}

export type Suspension = SwitchesAnswer['items'][number];

/** A suspension in one line. */
export const suspensionText = (one: Suspension): string =>
  `${one.action} for ${whomText(one.cohortId)} until ${endText(one)} (${one.reason})`;

const endText = ({ until, phase }: Suspension): string =>
  phase === null ? untilText(until) : `the phase ${phase} ends`;

const untilText = (until: string | null): string => time(until) ?? 'resumed';

function switchText({ action: name, cohortId, suspended, reason, until, etag, history }: SwitchAnswer): Shown {
  const about = pairs([
    ['action', name],
    ['for', whomText(cohortId)],
    ['suspended', suspended],
    ['reason', reason],
    ['until', suspended ? untilText(until) : null],
    ['etag', etag],
  ]);
  const rows = history.map((one) => ({ ...one, by: actorText(one.actor), until: time(one.until) }));
  if (rows.length === 0) return about;
  const columns = ['position', 'time', 'type', 'by', 'until', 'reason'] as const;
  return paragraphs([about, table([...columns], rowsOf(rows, ...columns))]);
}

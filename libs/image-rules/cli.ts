import { Argument, type Command } from 'commander';
import type { Query } from '../cli/api-client.js';
import { remarkUnknownCohort } from '../cli/cohort-warning.js';
import { type CommandGroup, type Condition, command, conditionOf, ifMatch, instant, reason } from '../cli/commands.js';
import { actorText } from '../cli/rendering/actor.js';
import { paragraphs, type Shown } from '../cli/rendering/plain-text.js';
import { type Cell, pairs, table, time } from '../cli/rendering/table.js';
import { whomText } from '../cli/rendering/whom.js';
import type { Session } from '../cli/session.js';
import type { WriteReceipt } from '../http/write-receipt.js';
import type { ImageRule } from './events.js';
import type { ImageRulesAnswer } from './queries/list-image-rules.js';
import type { ImageRuleAnswer } from './queries/show-image-rule.js';

/** Complete by its type: the list itself would load the schemas. */
const RULES: Record<ImageRule, true> = { 'photorealistic-faces': true };

interface Given extends Condition {
  cohort?: string;
  from?: string;
  until?: string;
}

export const commands: CommandGroup = (program, run) => {
  const group = program
    .command('image-rule')
    .description('Puts rules about images into force, for everyone or for one cohort, and lifts them.');

  command(group, 'list', 'Lists the rules and for whom they are in force now.', 'image-rule list').action(
    run(async ({ client, print }) => {
      const answer = await client.get<ImageRulesAnswer>('/v1/image-rules');
      print(answer, () => table(['rule', 'for', 'in force', 'from', 'until', 'reason'], answer.items.map(ruleRow)));
    }),
  );

  forCohort(
    command(
      group,
      'show',
      'Shows whether a rule is in force, its etag, and who changed it why.',
      'image-rule show photorealistic-faces',
      'image-rule show photorealistic-faces --cohort week-20',
    ).addArgument(rule()),
  ).action(run<Given>(async (session, given, name) => showRule(session, name!, given)));

  dated(
    command(
      group,
      'set',
      'Puts a rule into force. Repeating it changes nothing.',
      "image-rule set photorealistic-faces 'the preview begins'",
      "image-rule set photorealistic-faces 'after the trial' --cohort week-20 --from 2032-06-01T00:00:00Z",
    ),
  ).action(
    run<Given>(async (session, given, name, why) => {
      const { from, until } = given;
      const body = { reason: why, from, until };
      await session.client.request<WriteReceipt>('PUT', pathOf(name!), { body, ...optionsOf(given) });
      await remarkUnknownCohort(session, given.cohort, 'The rule');
      return showRule(session, name!, given);
    }),
  );

  dated(
    command(
      group,
      'lift',
      'Lifts a rule. Repeating it changes nothing.',
      "image-rule lift photorealistic-faces 'a trial with artists' --cohort week-20 --until 2032-06-01T00:00:00Z",
    ),
  ).action(
    run<Given>(async (session, given, name, why) => {
      const { from, until } = given;
      const { query, ...condition } = optionsOf(given);
      const options = { query: { ...query, reason: why, from, until }, ...condition };
      await session.client.request<WriteReceipt>('DELETE', pathOf(name!), options);
      await remarkUnknownCohort(session, given.cohort, 'The change');
      return showRule(session, name!, given);
    }),
  );
};

const rule = () => new Argument('<rule>', 'the rule').choices(Object.keys(RULES));

const forCohort = (one: Command): Command => one.option('--cohort <id>', 'only for this cohort; everyone by default');

const dated = (one: Command): Command =>
  forCohort(one.addArgument(rule()).argument('<reason>', 'the reason, shown to other operators', reason))
    .option('--from <time>', 'when the change begins (RFC 3339); now by default', instant)
    .option('--until <time>', 'when the change ends by itself (RFC 3339)', instant)
    .addOption(ifMatch('image-rule show'));

const pathOf = (name: string): string => `/v1/image-rules/${encodeURIComponent(name)}`;

const optionsOf = ({ cohort, ...condition }: Given): { query: Query; headers?: Record<string, string> } => ({
  query: { cohortId: cohort },
  ...conditionOf(condition),
});

async function showRule({ client, print }: Session, name: string, { cohort }: Given): Promise<void> {
  const answer = await client.get<ImageRuleAnswer>(pathOf(name), { cohortId: cohort });
  print(answer, () => ruleText(answer));
}

export type HeldRule = ImageRulesAnswer['items'][number];

/** Whether a rule holds, in one line. */
export const heldText = ({ rule: name, cohortId, inForce, reason: why }: HeldRule): string =>
  `rule ${name} ${inForce ? 'in force' : 'lifted'} for ${whomText(cohortId)} (${why ?? 'by default'})`;

const ruleRow = (one: HeldRule): Cell[] => [
  one.rule,
  whomText(one.cohortId),
  one.inForce,
  time(one.from),
  time(one.until),
  one.reason ?? 'by default',
];

function ruleText({ history, ...held }: ImageRuleAnswer): Shown {
  const about = pairs([
    ['rule', held.rule],
    ['for', whomText(held.cohortId)],
    ['in force', held.inForce],
    ['by the phase', held.phase],
    ['reason', held.reason ?? 'by default'],
    ['from', time(held.from)],
    ['until', time(held.until)],
    ['etag', held.etag],
  ]);
  if (history.length === 0) return about;
  const rows = history.map((one) => [
    ...[one.position, time(one.time), one.type, actorText(one.actor)],
    ...[time(one.from), time(one.until), one.reason],
  ]);
  return paragraphs([about, table(['position', 'time', 'type', 'by', 'from', 'until', 'reason'], rows)]);
}

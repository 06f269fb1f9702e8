import { type Command, Option } from 'commander';
import { type CommandGroup, type Condition, command, conditionOf, ifMatch, integer, reason } from '../cli/commands.js';
import { jsonOf } from '../cli/json-file.js';
import { actorText } from '../cli/rendering/actor.js';
import { line, paragraphs, type Shown } from '../cli/rendering/plain-text.js';
import { pairs, rowsOf, table, time } from '../cli/rendering/table.js';
import { listed } from '../cli/session.js';
import type { WriteReceipt } from '../http/write-receipt.js';
import { followingCommands } from './cli/following.js';
import { targetCommands } from './cli/target.js';
import type { DryRunAnswer } from './features/dry-run-ladder.js';
import type { EnforcementAnswer } from './queries/enforcement-answer.js';
import type { EnforcementEntry } from './queries/list-enforcements.js';
import type { LadderAnswer } from './queries/show-ladder.js';

export const commands: CommandGroup = (program, run) => {
  ladderCommands(
    program.command('ladder').description('Shows and sets what confirmed violations lead to, by clause and strikes.'),
    run,
  );
  const group = program.command('enforcement').description('Shows what was imposed on accounts, and why.');
  command(group, 'show <id>', 'Shows the receipt of an enforcement.', 'enforcement show img-1').action(
    run(async ({ client, print }, _, id) => {
      const receipt = await client.get<EnforcementAnswer>(`/v1/enforcements/${encodeURIComponent(id!)}`);
      print(receipt, () => receiptText(receipt));
    }),
  );
  command(
    group,
    'list [account]',
    'Lists the enforcements against an account, or those that targets have not acknowledged.',
    'enforcement list acc-1',
    'enforcement list --status overdue',
  )
    .addOption(new Option('--status <status>', 'only those not acknowledged').choices(['waiting', 'overdue']))
    .option('--limit <n>', 'maximum number of rows', integer(1, 1_000_000), 100)
    .action(
      run<{ limit: number; status?: string }>(async (session, { limit, status }, account) => {
        const items = await listed<EnforcementEntry>(session, '/v1/enforcements', { account, status }, limit);
        session.print({ items }, () => listText(items, status !== undefined));
      }),
    );
  command(group, 'latency', 'Shows how long after a verdict decision points deny.', 'enforcement latency --days 30')
    .option('--days <n>', 'over how many last days', integer(1, 90))
    .action(
      run<{ days?: number }>(async ({ client, print }, { days }) => {
        const answer = await client.get<DeactivationLatency>('/v1/metrics/deactivation-latency', { days });
        print(answer, () => latencyText(answer));
      }),
    );
  followingCommands(group, run);
  targetCommands(
    program.command('target').description('Registers the systems that acknowledge enforcements, and lists them.'),
    run,
  );
};

interface Quantiles {
  p50: number;
  p95: number;
  p99: number;
}

interface DeactivationLatency {
  days: number;
  verdicts: number;
  firstDenial: Quantiles | null;
  everywhere: Quantiles | null;
}

function latencyText({ days, verdicts, firstDenial, everywhere }: DeactivationLatency): Shown {
  const row = (what: string, of: Quantiles | null) => [what, of?.p50, of?.p95, of?.p99];
  return paragraphs([
    line`${verdicts} verdicts within ${days} days`,
    table(
      ['ms after the verdict', 'p50', 'p95', 'p99'],
      [row('the first decision point denies', firstDenial), row('every decision point denies', everywhere)],
    ),
  ]);
}

function listText(items: readonly EnforcementEntry[], isByStatus: boolean): Shown {
  if (isByStatus) {
    const rows = items.map((one) => [
      ...[one.enforcementId, one.accountId, one.measure, time(one.orderedAt)],
      ...[one.waitingFor.join(', '), time(one.overdueSince)],
    ]);
    const heads = ['enforcement', 'account', 'measure', 'ordered', 'waiting for', 'overdue since'];
    return table(heads, rows, 'the targets have acknowledged everything');
  }
  return table(
    ['enforcement', 'ordered', 'measure', 'action', 'until', 'clause', 'in force'],
    rowsOf(items, 'enforcementId', 'orderedAt', 'measure', 'action', 'until', 'clause', 'isInForce'),
    'nothing was imposed on this account',
  );
}

function ladderCommands(group: Command, run: Parameters<CommandGroup>[1]): void {
  command(group, 'show', 'Shows the ladder in force, its etag and its history.', 'ladder show').action(
    run(async ({ client, print }) => {
      const ladder = await client.get<LadderAnswer>('/v1/enforcement-ladder');
      print(ladder, () => ladderText(ladder));
    }),
  );
  command(
    group,
    'set <file>',
    'Sets the ladder from a JSON file with its entries. Violations that are confirmed from then on follow it.',
    "ladder set ladder.json --reason 'first violations are often misunderstandings'",
  )
    .requiredOption('--reason <text>', 'why', reason)
    .addOption(ifMatch('ladder show'))
    .action(
      run<{ reason: string } & Condition>(async ({ client, print }, options, file) => {
        const body = { entries: await jsonOf('<file>', file!, 'an array of entries'), reason: options.reason };
        const written = await client.put<WriteReceipt>('/v1/enforcement-ladder', body, conditionOf(options));
        print(written, () => line`the ladder is in force from position ${written.position}`);
      }),
    );
  command(
    group,
    'dry-run <file>',
    'Compares what the last confirmed cases led to with what they would lead to under another ladder.',
    'ladder dry-run ladder.json --cases 500',
  )
    .option('--cases <n>', 'how many cases', integer(1, 10_000))
    .action(
      run<{ cases?: number }>(async ({ client, print }, { cases }, file) => {
        const body = { entries: await jsonOf('<file>', file!, 'an array of entries'), cases };
        const answer = await client.post<DryRunAnswer>('/v1/enforcement-ladder/dry-runs', body, { repeatable: true });
        print(answer, () => dryRunText(answer));
      }),
    );
}

const measureText = ({ measure, action, days }: { measure: string; action?: string | null; days?: number | null }) =>
  [measure, action, days && `for ${days} days`].filter(Boolean).join(' ');

function ladderText({ isDefault, entries, unreadable, etag, history }: LadderAnswer): Shown {
  const rows = entries.flatMap(({ clause, strikeDays, steps }) =>
    steps.map((step) => [clause ?? 'any other', step.strikes, measureText(step), strikeDays]),
  );
  const changes = history.map((one) => [Number(one.position), time(one.time), actorText(one.actor), one.reason]);
  return paragraphs([
    unreadable !== null
      ? line`the event at position ${unreadable} can't be read, so every confirmed violation deactivates the account: set the ladder again`
      : isDefault
        ? line`no ladder is set: a confirmed violation deactivates the account`
        : table(['clause', 'strikes', 'measure', 'strike counts for days'], rows),
    pairs([['etag', etag]]),
    ...(changes.length > 0 ? [table(['position', 'time', 'by', 'reason'], changes)] : []),
  ]);
}

function dryRunText({ cases, accounts, changed, changes, items }: DryRunAnswer): Shown {
  const about = line`${changed} of ${cases} cases of ${accounts} accounts would have been treated differently`;
  if (changed === 0) return about;
  const rows = items.map((one) => [
    one.caseId,
    one.accountId,
    one.clause,
    measureText(one.actual),
    measureText(one.would),
  ]);
  return paragraphs([
    about,
    table(['from', 'to', 'cases'], rowsOf(changes, 'from', 'to', 'cases')),
    table(['case', 'account', 'clause', 'was', 'would be'], rows),
  ]);
}

const statementText = (statement: NonNullable<EnforcementAnswer['statement']>): Shown =>
  pairs([
    ['ground', statement.ground],
    ['decided by', statement.decidedBy],
    ['reason', statement.reason],
    ['policy', statement.policyVersion],
    ['flagged by', statement.notedBy],
    ['measure chosen by the ladder', statement.isMeasureAutomated],
    ['appeal', statement.appeal],
  ]);

const submissionsText = (submissions: NonNullable<EnforcementAnswer['submissions']>): Shown =>
  table(
    ['statement of reasons', 'decision', 'status', 'accepted', 'errors'],
    submissions.map((one) => [
      ...[one.statementId, one.decision, one.status, time(one.acceptedAt), one.errors.join('; ')],
    ]),
  );

const decisionPointsText = ({ decisionPoints, measure }: EnforcementAnswer): Shown =>
  table(
    ['decision point', 'denies since'],
    decisionPoints.map((one) => [one.decisionPoint, time(one.appliedAt) ?? 'not reported']),
    measure === 'strike'
      ? 'a strike denies nothing, so decision points don’t report it'
      : 'no decision point has reported since when it denies',
  );

const stateOf = ({ isLifted, isRegistered }: EnforcementAnswer['acknowledgements'][number]): string => {
  if (isLifted) return 'lifted';
  return isRegistered ? 'waiting' : 'no target any more';
};

const acknowledgementsText = ({ acknowledgements, timesAskedAgain }: EnforcementAnswer): Shown =>
  table(
    ['target', 'acknowledged', 'asked again'],
    acknowledgements.map((one) => [one.target, time(one.acknowledgedAt) ?? stateOf(one), timesAskedAgain]),
  );

const ladderOf = ({ ladder, statement }: EnforcementAnswer): string | null => {
  if (ladder !== null) return `of position ${ladder}`;
  return statement?.isMeasureAutomated ? 'default ladder' : null;
};

const eventsText = ({ events }: EnforcementAnswer): Shown =>
  table(
    ['position', 'stored', 'event', 'about', 'by'],
    events.map((one) => [Number(one.position), time(one.storedAt), one.type, one.subject, actorText(one.actor)]),
  );

function receiptText(receipt: EnforcementAnswer): Shown {
  const { review } = receipt;
  return paragraphs([
    pairs([
      ['enforcement', receipt.enforcementId],
      ['account', receipt.accountId],
      ['status', receipt.status],
      ['in force', receipt.isInForce],
      ['measure', measureText({ measure: receipt.measure, action: receipt.action })],
      ['until', time(receipt.until)],
      ['strikes', receipt.strikes],
      ['strike counts until', time(receipt.strikeUntil)],
      ['ladder', ladderOf(receipt)],
      ['disregarded', receipt.disregarded],
      ['clause', receipt.clause],
      ['categories', receipt.categories.join(', ')],
      ['case', review?.caseId],
      ['decided by', review?.reviewers.join(', ')],
      ['decided at', review && `position ${review.position}, stored ${time(review.storedAt)}`],
    ]),
    decisionPointsText(receipt),
    ...(receipt.statement ? [statementText(receipt.statement)] : []),
    ...(receipt.submissions && receipt.submissions.length > 0 ? [submissionsText(receipt.submissions)] : []),
    ...(receipt.acknowledgements.length > 0 ? [acknowledgementsText(receipt)] : []),
    // Empty for a service, which does not see who did it.
    ...(receipt.events.length > 0 ? [eventsText(receipt)] : []),
  ]);
}

import { type Command, Option } from 'commander';
import { command, integer, position } from '../../cli/commands.js';
import { type MomentOptions, momentOf, withMoment } from '../../cli/moment.js';
import { actorText } from '../../cli/rendering/actor.js';
import { line, lines, paragraphs, type Shown } from '../../cli/rendering/plain-text.js';
import { exactTime, table } from '../../cli/rendering/table.js';
import type { Runner } from '../../cli/session.js';
import type { JsonChange } from '../../kernel/json-changes.js';
import { metricsText } from '../../safety/cli.js';
import type { MetricsHistoryAnswer } from '../queries/metrics-history-answer.js';

interface MetricsOptions extends MomentOptions {
  by?: string;
  known?: string;
  limit: number;
}

const MOST = 100_000;
const PAGE = 500;

export function metricsHistoryCommand(group: Command, run: Runner): void {
  withMoment(
    command(
      group,
      'metrics',
      'Shows the safety metrics as they were at a moment, what has become of each figure since, and the events that moved them.',
      'audit metrics --as-of 2022-05-18T09:00:00Z',
      'audit metrics --as-of 2022-05-18T09:00:00Z --by event-time',
      'audit metrics --at 1234 --json',
    ),
  )
    .addOption(
      new Option('--by <time>', 'what a time is compared with: when events were stored, or when they happened').choices(
        ['recorded', 'event-time'],
      ),
    )
    .option('--known <position>', 'with --by event-time: leave out what was stored after it', position)
    .option('--limit <n>', 'maximum number of events', integer(1, MOST), 200)
    .action(
      run<MetricsOptions>(async ({ client, print, remark }, options) => {
        const { by, known, limit } = options;
        const asOf = momentOf(options);
        let answer: MetricsHistoryAnswer | undefined;
        let cursor: string | undefined;
        do {
          const left = limit - (answer?.events.length ?? 0);
          const query = { asOf, by, known: known ?? knownBy(answer), limit: Math.min(PAGE, left), cursor };
          const page: MetricsHistoryAnswer = await client.get('/v1/audit/metrics', query);
          answer = withPage(answer, page);
          cursor = page.nextCursor;
        } while (cursor !== undefined && answer.events.length < limit);
        const found = answer;
        print(found, () => historyText(found));
        if (cursor !== undefined) remark(line`there are more than ${limit} events: raise --limit to show them`);
      }),
    );
}

/** What is missing on one page is missing in the whole. */
export const withPage = (before: MetricsHistoryAnswer | undefined, page: MetricsHistoryAnswer): MetricsHistoryAnswer =>
  before
    ? {
        ...page,
        events: [...before.events, ...page.events],
        areMovesComplete: before.areMovesComplete && page.areMovesComplete,
      }
    : page;

/** Further pages are of the replay of the first. */
const knownBy = (answer: MetricsHistoryAnswer | undefined): string | undefined =>
  answer?.asOf.by === 'event-time' ? answer.asOf.position : undefined;

function historyText({ figures, changes, events, areMovesComplete }: MetricsHistoryAnswer): Shown {
  const [made, later] = [events.filter(({ isLater }) => !isLater), events.filter(({ isLater }) => isLater)];
  return paragraphs([
    metricsText({ whole: figures, groups: [], position: '0' }),
    changesText(changes),
    ...(made.length > 0 ? [lines([line`events that moved them:`, ...made.map(eventText)])] : []),
    ...(later.length > 0 ? [lines([line`later:`, ...later.map(eventText)])] : []),
    ...(areMovesComplete ? [] : [line`an image or an account has too many events to say what each of them moved`]),
  ]);
}

const changesText = (changes: readonly JsonChange[]): Shown =>
  changes.length === 0
    ? line`no figure has changed since`
    : table(
        ['figure', 'then', 'now'],
        changes.map(({ path, before, after }) => [path, JSON.stringify(before), JSON.stringify(after)]),
      );

function eventText({
  position: place,
  time,
  type,
  stream,
  actor,
  moved,
}: MetricsHistoryAnswer['events'][number]): Shown {
  const by = actor ? actorText(actor) : '';
  const moves = moved.map((one) => `${one.figure} ${one.by > 0 ? '+' : ''}${one.by}`).join(', ');
  return line`${place.padStart(8)}  ${exactTime(time)}  ${type}  ${stream}  ${by}  ${moves}`;
}

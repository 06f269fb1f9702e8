import { type Command, Option } from 'commander';
import { command, integer } from '../../cli/commands.js';
import { type MomentOptions, momentOf, withMoment } from '../../cli/moment.js';
import { actorText } from '../../cli/rendering/actor.js';
import { line, lines, paragraphs, type Shown } from '../../cli/rendering/plain-text.js';
import { exactTime } from '../../cli/rendering/table.js';
import type { Runner, Session } from '../../cli/session.js';
import type { HistoryAnswer, HistoryEvent } from '../queries/history-answer.js';

interface HistoryOptions extends MomentOptions {
  by?: string;
  limit: number;
  explain?: boolean;
}

const MOST = 100_000;
const PAGE = 1_000;
const TEXT_CHARACTERS = 160;

/** What has a history, and what is said of it. */
const KINDS = [
  ['account', 'an account'],
  ['image', 'an image, and of its case'],
  ['case', 'a case'],
  ['cohort', 'a cohort'],
  ['enforcement', 'an enforcement'],
  ['appeal', 'an appeal'],
  ['clause', 'a clause of the content policy'],
  ['person', 'a person: what events say of them; audit who shows what they did'],
] as const;
const SINGLE_KINDS = [
  ['policy', 'the content policy'],
  ['rollout', 'the rollout'],
  ['ladder', 'the enforcement ladder'],
  ['targets', 'the enforcement targets'],
  ['switches', 'the switches'],
  ['rules', 'the rules about images'],
  ['review-settings', 'the queues and samples of reviews'],
] as const;

export function historyCommands(group: Command, run: Runner): void {
  for (const [kind, what] of KINDS)
    withOptions(
      command(
        group,
        `${kind} <id>`,
        `Shows the history of ${what}: its state at a moment, the events that made it, and how later ones changed it.`,
        `audit ${kind} ${EXAMPLES[kind] ?? 'x-1'}`,
        `audit ${kind} ${EXAMPLES[kind] ?? 'x-1'} --as-of 2022-05-18T09:00:00Z --by event-time`,
      ),
    ).action(
      run<HistoryOptions>((session, options, id) => show(session, `${kind}/${encodeURIComponent(id!)}`, options)),
    );
  for (const [kind, what] of SINGLE_KINDS)
    withOptions(
      command(
        group,
        kind,
        `Shows the history of ${what}: its state at a moment, the events that made it, and how later ones changed it.`,
        `audit ${kind} --at 1234`,
      ),
    ).action(run<HistoryOptions>((session, options) => show(session, kind, options)));
}

const EXAMPLES: Readonly<Record<string, string>> = {
  account: 'acc-1',
  image: 'img-1',
  case: 'img-1',
  cohort: '2022-w20',
  enforcement: 'img-1',
  appeal: 'img-1',
  clause: 'violent',
  person: 'mira',
};

const withOptions = (one: Command): Command =>
  withMoment(one)
    .addOption(
      new Option('--by <time>', 'what a time is compared with: when events were stored, or when they happened').choices(
        ['recorded', 'event-time'],
      ),
    )
    .option('--explain', 'make each decision again on its history, and show what each rule said')
    .option('--limit <n>', 'maximum number of events', integer(1, MOST), 200);

async function show({ client, print, remark }: Session, path: string, options: HistoryOptions) {
  const { by, limit, explain } = options;
  const asOf = momentOf(options);
  let cursor: string | undefined;
  let answer: HistoryAnswer | undefined;
  do {
    const left = limit - (answer?.events.length ?? 0);
    const query = { asOf, by, limit: Math.min(PAGE, left), cursor, explain };
    const page: HistoryAnswer = await client.get(`/v1/audit/history/${path}`, query);
    answer = answer ? { ...page, events: [...answer.events, ...page.events] } : page;
    cursor = page.nextCursor;
  } while (cursor !== undefined && answer.events.length < limit);
  const found = answer;
  print(found, () => historyText(found));
  if (cursor !== undefined) remark(line`there are more than ${limit} events: raise --limit to show them`);
}

export function historyText({ kind, id, asOf, states, events, areEffectsComplete }: HistoryAnswer): Shown {
  const moment = asOf.time === null ? line`at position ${asOf.position}` : line`at ${asOf.time} (${asOf.by})`;
  const known = states.map(({ of, state }) => line`${of}: ${JSON.stringify(state)}`);
  const [made, later] = [events.filter(({ isLater }) => !isLater), events.filter(({ isLater }) => isLater)];
  return paragraphs([
    line`${kind} ${id ?? ''} ${moment}`,
    lines(known.length > 0 ? known : [line`no state: events only name it`]),
    ...(made.length > 0 ? [lines([line`events that made it:`, ...made.map(eventText)])] : [line`no events by then`]),
    ...(later.length > 0 ? [lines([line`later:`, ...later.map(eventText)])] : []),
    ...(areEffectsComplete ? [] : [line`not every effect was looked for: ask for fewer events`]),
  ]);
}

function eventText(event: HistoryEvent): Shown {
  const { position: place, time, type, stream, actor, reason, cause, effects, changes, explanation } = event;
  const by = actor ? actorText(actor) : '';
  return lines([
    line`${place.padStart(8)}  ${exactTime(time)}  ${type}  ${stream}  ${by}${reason === undefined ? '' : `  because: ${reason}`}`,
    ...(cause ? [line`          caused by ${cause.type} at ${cause.position} (${cause.stream})`] : []),
    ...changes.map(({ path, before, after }) => line`          ${path || '/'}: ${short(before)} → ${short(after)}`),
    ...(explanation ? explanationLines(explanation) : []),
    ...effects.map((one) => line`          led to ${one.type} at ${one.position} (${one.stream})`),
  ]);
}

export const explanationLines = ({
  rules,
  agrees,
  restedOn = [],
}: NonNullable<HistoryEvent['explanation']>): Shown[] => [
  ...restedOn.map(({ of, path, value, size, setBy, countedTo, recorded }) => {
    if (countedTo !== undefined) {
      const differs = recorded === undefined ? 'as recorded' : `RECORDED: ${short(recorded)}`;
      return line`          counted ${path} up to ${countedTo}: ${short(value)} (${differs})`;
    }
    const by = setBy ? `${setBy.type} at ${setBy.position}, ${exactTime(setBy.time)}` : 'nobody: the default';
    const who = setBy?.actor ? ` by ${actorText(setBy.actor)}` : '';
    const known = value === undefined ? 'as its event says' : short(value);
    const shown = size === undefined ? known : `${size} ${size === 1 ? 'entry' : 'entries'}`;
    return line`          found ${of}${path}: ${shown} (set by ${by}${who})`;
  }),
  ...rules.map(({ rule, outcome, detail }) => line`          rule ${rule}: ${outcome}${detail ? ` (${detail})` : ''}`),
  agrees ? line`          decided again: the same` : line`          DECIDED AGAIN: ANOTHER DECISION`,
];

function short(value: unknown): string {
  const text = value === undefined ? 'none' : JSON.stringify(value);
  return text.length > TEXT_CHARACTERS ? `${text.slice(0, TEXT_CHARACTERS)}…` : text;
}

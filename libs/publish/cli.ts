import { type CommandGroup, command, instant, integer, position, severalOf } from '../cli/commands.js';
import { actorText } from '../cli/rendering/actor.js';
import { line, lines, type Shown } from '../cli/rendering/plain-text.js';
import { time } from '../cli/rendering/table.js';
import type { Session } from '../cli/session.js';
import { InvalidInput } from '../kernel/errors.js';
import { type EventPage, followFeed, followLog, type ShownEvent } from './cli/event-pages.js';
import { headOf, newestEvents, positionBefore } from './cli/place-in-log.js';

interface EventsOptions {
  after?: string;
  since?: string;
  last?: number;
  type?: string[];
  stream?: string;
  all?: boolean;
  limit: number;
  tail?: boolean;
}

export const commands: CommandGroup = (program, run) => {
  command(
    program,
    'events',
    'Shows events in the order of the log: public events, or with --all or --stream all events.',
    'events --limit 20',
    'events --last 20',
    'events --tail --type ReviewConfirmed,AccountDeactivated',
    'events --stream account-acc-1 --json',
  )
    .option(
      '--after <position>',
      'only events after this position; with --stream, events from this revision on',
      position,
    )
    .option('--since <time>', 'only events stored at this time or later (RFC 3339)', instant)
    .option('--last <n>', 'the newest events, oldest first', integer(1, MOST))
    .option('--type <type>', 'only events of these types, separated by commas', severalOf)
    .option('--stream <name>', 'only events of this stream, such as account-acc-1 (role compliance or administrator)')
    .option('--all', 'events of every type, not only public ones (role compliance or administrator)')
    .option('--limit <n>', 'maximum number of events', integer(1, MOST), 50)
    .option('--tail', 'follow new events until Ctrl-C; starts at the head unless --after is given')
    .action(
      run<EventsOptions>(async (session, options) => {
        refuseTwo(options);
        if (options.tail) await tail(session, options);
        else if (options.last !== undefined) await showLast(session, options.last, options);
        else await page(session, options);
      }),
    );
};

/** @throws InvalidInput if two options say where the events begin */
function refuseTwo({ after, since, last, tail, stream }: EventsOptions): void {
  const given = Object.entries({
    '--since': since,
    '--last': last,
    '--after': after,
    '--stream': stream,
    '--tail': tail,
  })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name);
  const [first, second] = given;
  const begins = first === '--since' || first === '--last';
  if (begins && second) throw new InvalidInput([{ field: first!, message: `cannot be combined with ${second}` }]);
}

async function page(session: Session, { after, since, type, stream, all, limit }: EventsOptions) {
  const { client, print, remark } = session;
  const path = all || stream !== undefined ? '/v1/log' : '/v1/events';
  const events: ShownEvent[] = [];
  let [next, atHead] = [since === undefined ? after : await positionBefore(client, path, since), false];
  while (!atHead && events.length < limit) {
    const query = { after: next, types: type?.join(','), stream, limit: Math.min(PAGE, limit - events.length) };
    const page = await client.get<EventPage>(path, query);
    events.push(...page.events);
    ({ next, atHead } = page);
  }
  const answer = { events, next, atHead };
  print(answer, () => (answer.events.length > 0 ? lines(answer.events.map(eventText)) : line`no events`));
  if (!answer.atHead) remark(line`there are more events: continue with --after ${answer.next}`);
}

async function showLast({ client, print }: Session, last: number, { type, all }: EventsOptions) {
  const events = await newestEvents(client, all ? '/v1/log' : '/v1/events', last, type);
  print({ events }, () => (events.length > 0 ? lines(events.map(eventText)) : line`no events`));
}

const MOST = 1_000_000;
const PAGE = 2_000;

/** Ctrl-C ends it without an error. */
async function tail({ client, printItem, remark, signal }: Session, options: EventsOptions) {
  const { type, stream, all } = options;
  try {
    const after = options.after ?? (stream === undefined ? await headOf(client) : '0');
    const events =
      all || stream !== undefined
        ? followLog(client, { after, stream, types: type?.join(',') })
        : followFeed(client, { after, types: type }, ({ message }) => remark(line`${message}; reconnecting`));
    for await (const event of events) printItem(event, () => eventText(event));
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Longer data is cut; --json shows all of it. */
const DATA_CHARACTERS = 300;

/** One event on one line. */
export function eventText(event: ShownEvent): Shown {
  const happened = time(event.time ?? event.metadata?.time) ?? '';
  const about = event.stream ?? event.subject ?? '';
  const data = JSON.stringify(event.data);
  const shown = data.length > DATA_CHARACTERS ? `${data.slice(0, DATA_CHARACTERS)}…` : data;
  const by = event.metadata ? actorText(event.metadata.actor) : (event.actor ?? '');
  return line`${event.position.padStart(8)}  ${happened}  ${event.type.padEnd(18)}  ${about}  ${by}  ${shown}`;
}

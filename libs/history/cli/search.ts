import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Query } from '../../cli/api-client.js';
import { command, instant, integer, position, severalOf } from '../../cli/commands.js';
import { line, type Shown } from '../../cli/rendering/plain-text.js';
import type { Runner, Session } from '../../cli/session.js';
import type { EventPage } from '../../publish/cli/event-pages.js';
import { eventText } from '../../publish/cli.js';

interface PartOptions {
  after?: string;
  from?: string;
  to?: string;
  type?: string[];
  limit: number;
  follow?: boolean;
}

interface SearchOptions extends PartOptions {
  actor?: string;
  subject?: string;
  clause?: string;
  path?: string;
  value?: string;
}

type FoundEvent = EventPage['events'][number] & { isRead?: boolean };

const MOST = 10_000_000;
const PAGE = 2_000;
const POLL_MS = 500;

export function searchCommands(group: Command, run: Runner): void {
  withOptions(
    command(
      group,
      'search',
      'Finds events by actor, type, time, clause, subject and what is at a path. With --json, one event a line. Role compliance or administrator.',
      'audit search --actor mira --type VerdictGiven --from 2022-05-18T00:00:00Z',
      "audit search --clause violent --path '$.data.votes.unsafe' --value 2 --json",
      'audit search --subject account-acc-1 --follow',
    )
      .option('--actor <name>', 'only those that this person, service or process caused')
      .option('--subject <subject>', 'only those that concern this, a kind and an id such as account-acc-1')
      .option('--clause <id>', 'only those that name this clause of the content policy')
      .option('--path <path>', 'only those that have something there, such as $.data.categories[*]')
      .option('--value <value>', 'with --path: only those that have this there'),
  ).action(
    run<SearchOptions>((session, { actor, subject, clause, path, value, ...part }) =>
      show(session, '/v1/audit/events', part, { actor, subject, clause, path, value }),
    ),
  );
  withOptions(
    command(
      group,
      'who <name>',
      'Shows everything that a person, a service or a token did, recorded reads included. Role compliance or administrator.',
      'audit who mira',
      'audit who mira --from 2022-05-18T00:00:00Z --json',
    ),
  ).action(
    run<PartOptions>((session, part, name) => show(session, `/v1/audit/who/${encodeURIComponent(name!)}`, part, {})),
  );
}

const withOptions = (one: Command): Command =>
  one
    .option('--type <type>', 'only events of these types, separated by commas', severalOf)
    .option('--from <time>', 'only events stored at this time or later (RFC 3339)', instant)
    .option('--to <time>', 'only events stored by this time (RFC 3339)', instant)
    .option('--after <position>', 'only events after this position, to resume', position)
    .option('--limit <n>', 'maximum number of events', integer(1, MOST), 1_000)
    .option('--follow', 'go on with new events until Ctrl-C');

/** Prints each event as it comes, so that a result of any length needs no memory. Ctrl-C ends it without an error. */
async function show(session: Session, path: string, options: PartOptions, query: Query): Promise<void> {
  const { client, printItem, remark, signal } = session;
  const { after, from, to, type, limit, follow } = options;
  try {
    let [next, left] = [after, limit];
    for (let atHead = false; follow || (!atHead && left > 0); ) {
      const most = follow ? PAGE : Math.min(PAGE, left);
      const page: EventPage = await client.get(path, {
        ...query,
        after: next,
        from,
        to,
        types: type?.join(','),
        limit: most,
      });
      for (const event of page.events) printItem(event, () => foundText(event));
      left -= page.events.length;
      ({ next, atHead } = page);
      if (follow && atHead) await sleep(POLL_MS, undefined, { signal });
      if (!follow && !atHead && left <= 0) remark(line`there may be more: resume with --after ${next}`);
    }
    if (!follow && left === limit) remark(line`no event matches`);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

const foundText = (event: FoundEvent): Shown =>
  event.isRead === undefined ? eventText(event) : line`${event.isRead ? 'read' : 'did '}${eventText(event)}`;

import { type Command, Option } from 'commander';
import { command, instant, integer, positionOrTime } from '../../cli/commands.js';
import { line } from '../../cli/rendering/plain-text.js';
import { exactTime, table } from '../../cli/rendering/table.js';
import type { Runner } from '../../cli/session.js';
import type { RecordedDecisionPage } from '../queries/list-decisions.js';

interface DecisionsOptions {
  subject?: string;
  action?: string;
  reason?: string;
  outcome?: string;
  from?: string;
  to?: string;
  asOf?: string;
  limit: number;
}

const PAGE = 500;
const MOST = 100_000;

export function decisionsCommand(group: Command, run: Runner): void {
  command(
    group,
    'decisions',
    'Lists the access decisions on record, newest first: a sample of permits and denials. Role compliance or administrator.',
    'audit decisions --subject acc-1 --outcome deny',
    'audit decisions --reason account-suspended --from 2022-05-18T00:00:00Z --json',
  )
    .option('--subject <id>', 'only those of this subject')
    .option('--action <action>', 'only those about this action')
    .option('--reason <reason>', 'only those denied for this reason')
    .addOption(new Option('--outcome <outcome>', 'only permits, or only denials').choices(['permit', 'deny']))
    .option('--from <time>', 'only those made at this time or later (RFC 3339)', instant)
    .option('--to <time>', 'only those made by this time (RFC 3339)', instant)
    .option('--as-of <moment>', 'only those made by a time, or resting on no later position', positionOrTime)
    .option('--limit <n>', 'maximum number of decisions', integer(1, MOST), 100)
    .action(
      run<DecisionsOptions>(async ({ client, print, remark }, { limit, ...filter }) => {
        let cursor: string | undefined;
        let found: RecordedDecisionPage | undefined;
        do {
          const left = limit - (found?.items.length ?? 0);
          const query = { ...filter, cursor, limit: Math.min(PAGE, left) };
          const page: RecordedDecisionPage = await client.get('/v1/audit/decisions', query);
          found = { ...page, items: [...(found?.items ?? []), ...page.items] };
          cursor = page.nextCursor;
        } while (cursor !== undefined && found.items.length < limit);
        const { items } = found;
        print(found, () =>
          items.length === 0
            ? line`no decision on record matches`
            : table(
                ['time', 'subject', 'action', 'resource', 'outcome', 'position', 'id'],
                items.map((one) => [
                  exactTime(one.time),
                  ...[one.subject, one.action, `${one.resourceType} ${one.resource}`],
                  ...[one.reason ?? one.outcome, one.position, one.id],
                ]),
              ),
        );
        if (cursor !== undefined) remark(line`there are more than ${limit} decisions: raise --limit to show them`);
      }),
    );
}

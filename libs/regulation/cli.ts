import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  type CommandGroup,
  type Condition,
  command,
  conditionOf,
  ifMatch,
  integer,
  positionOrTime,
  reason,
} from '../cli/commands.js';
import { jsonOf } from '../cli/json-file.js';
import { checkpointText } from '../cli/log-checkpoint.js';
import { actorText } from '../cli/rendering/actor.js';
import { line, paragraphs, type Shown } from '../cli/rendering/plain-text.js';
import { pairs, rowsOf, table, time } from '../cli/rendering/table.js';
import { listed } from '../cli/session.js';
import type { WriteReceipt } from '../http/write-receipt.js';
import { InvalidInput } from '../kernel/errors.js';
import { isDay } from '../kernel/text-forms.js';
import type { MappingDryRunAnswer } from './features/dry-run-mapping.js';
import type { StatementEntry } from './queries/list-statements.js';
import type { MappingAnswer } from './queries/show-mapping.js';
import type { StatementAnswer } from './queries/show-statement.js';

type Run = Parameters<CommandGroup>[1];

export const commands: CommandGroup = (program, run) => {
  const group = program
    .command('regulation')
    .description(
      'Reports to authorities under the EU Digital Services Act: statements of reasons, their mapping, and the transparency report.',
    );
  statementCommands(group, run);
  mappingCommands(group, run);
  reportCommand(group, run);
};

function statementCommands(group: Command, run: Run): void {
  command(
    group,
    'statements',
    'Lists statements of reasons for the Commission’s database, the oldest first.',
    'regulation statements --status refused',
    'regulation statements --enforcement img-1',
  )
    .addOption(
      new Option('--status <status>', 'only those with this status').choices(['waiting', 'accepted', 'refused']),
    )
    .option('--enforcement <id>', 'only those about this enforcement')
    .option('--limit <n>', 'maximum number of statements', integer(1, 1_000_000), 50)
    .action(
      run<{ status?: string; enforcement?: string; limit: number }>(async (session, { limit, ...filter }) => {
        const items = await listed<StatementEntry>(session, '/v1/statements', filter, limit);
        const rows = items.map((one) => [
          ...[one.statementId, one.enforcementId, one.decision, one.clause, one.status],
          ...[time(one.queuedAt), time(one.acceptedAt), one.errors.join('; ')],
        ]);
        session.print({ items }, () =>
          table(
            ['statement', 'enforcement', 'decision', 'clause', 'status', 'queued', 'accepted', 'errors'],
            rows,
            'no statement; without the database in the settings none is made',
          ),
        );
      }),
    );

  command(
    group,
    'statement <id>',
    'Shows a statement of reasons in the fields of the Commission’s database, and what became of it.',
    'regulation statement 0196e0f0-0000-8000-8000-000000000001',
  ).action(
    run(async ({ client, print }, _, id) => {
      const statement = await client.get<StatementAnswer>(pathOf(id!));
      print(statement, () => statementText(statement));
    }),
  );

  command(
    group,
    'retry <id>',
    'Sends a refused statement of reasons again, by the mapping in force then.',
    'regulation retry 0196e0f0-0000-8000-8000-000000000001',
  ).action(
    run(async ({ client, print }, _, id) => {
      const written = await client.post<WriteReceipt>(`${pathOf(id!)}/retry`, undefined, { repeatable: true });
      print(written, () => line`statement ${id} waits to be sent, from position ${written.position}`);
    }),
  );

  command(
    group,
    'retry-refused',
    'Sends every refused statement of reasons again, or those with an error, by the mapping in force then.',
    "regulation retry-refused --error 'selected category is invalid'",
  )
    .option('--error <text>', 'only those of which an error contains this')
    .option('--limit <n>', 'maximum number of refused statements that are looked at', integer(1, 1_000_000), 100_000)
    .action(
      run<{ error?: string; limit: number }>(async (session, { error, limit }) => {
        const { client, print } = session;
        const refused = await listed<StatementEntry>(session, '/v1/statements', { status: 'refused' }, limit);
        const meant = refused.filter(({ errors }) => error === undefined || errors.some((one) => one.includes(error)));
        for (const { statementId } of meant)
          await client.post<WriteReceipt>(`${pathOf(statementId)}/retry`, undefined, { repeatable: true });
        const retried = meant.map(({ statementId }) => statementId);
        print(
          { retried, left: refused.length - retried.length },
          () => line`${retried.length} statements wait to be sent; ${refused.length - retried.length} stay refused`,
        );
      }),
    );
}

function mappingCommands(group: Command, run: Run): void {
  command(
    group,
    'mapping',
    'Shows what statements of reasons say of each clause, its etag, and the clauses without an entry.',
    'regulation mapping',
  ).action(
    run(async ({ client, print }) => {
      const mapping = await client.get<MappingAnswer>('/v1/statement-mapping');
      print(mapping, () => mappingText(mapping));
    }),
  );

  command(
    group,
    'set-mapping <file>',
    'Sets the category and the ground of each clause from a JSON file with the entries.',
    "regulation set-mapping mapping.json --reason 'as agreed with the legal department'",
  )
    .requiredOption('--reason <text>', 'why', reason)
    .addOption(ifMatch('regulation mapping'))
    .action(
      run<{ reason: string } & Condition>(async ({ client, print }, options, file) => {
        const body = { entries: await jsonOf('<file>', file!, 'an array of entries'), reason: options.reason };
        const written = await client.put<WriteReceipt>('/v1/statement-mapping', body, conditionOf(options));
        print(written, () => line`the mapping is in force from position ${written.position}`);
      }),
    );

  command(
    group,
    'check-mapping <file>',
    'Checks a mapping without setting it, and names the clauses that it would leave without an entry.',
    'regulation check-mapping mapping.json',
  ).action(
    run(async ({ client, print }, _, file) => {
      const entries = await jsonOf('<file>', file!, 'an array of entries');
      const gaps = await client.post<MappingDryRunAnswer>(
        '/v1/statement-mapping/dry-runs',
        { entries },
        { repeatable: true },
      );
      print(gaps, () => paragraphs(gapTexts(gaps)));
    }),
  );
}

interface ReportOptions {
  year?: number;
  from?: string;
  to?: string;
  at?: string;
  mapping?: string;
  service: string;
  reason: string;
}

function reportCommand(group: Command, run: Run): void {
  command(
    group,
    'report <folder>',
    'Writes the tables of the transparency report (parts 3 to 8) as CSV, with a manifest. Role compliance or administrator.',
    "regulation report report-2026 --year 2026 --service Paintbox --reason 'transparency report'",
  )
    .option('--year <year>', 'the calendar year', integer(2000, 9999))
    .option('--from <day>', 'the first day instead, such as 2026-01-01', day)
    .option('--to <day>', 'the last day', day)
    .option('--at <position>', 'as the log was at this position or time; by default with every event', positionOrTime)
    .option(
      '--mapping <position>',
      'the mapping that was set at this position, or `now`; by default that in force then, or now if none was',
    )
    .requiredOption('--service <name>', 'the name of the service, as the report is to have it')
    .requiredOption('--reason <text>', 'why, for the record of exports; no personal data', reason)
    .action(
      run<ReportOptions>(async (session, { year, from, to, ...others }, folder) => {
        const { writeReport, yearOf } = await import('./cli/report-folder.js');
        const given = [from, to].filter((one) => one !== undefined).length;
        if (given !== (year === undefined ? 2 : 0))
          throw new InvalidInput([{ field: '--year', message: 'must be given alone, or else --from and --to' }]);
        const period = year === undefined ? { from: from!, to: to! } : yearOf(year);
        const written = await writeReport(session, folder!, { ...others, ...period });
        session.print(written, () =>
          paragraphs([
            line`${written.files.length} tables of ${period.from} to ${period.to}, with manifest.json`,
            line`events up to position ${written.position}, by the mapping of position ${written.mapping}`,
            ...(written.isOtherMapping ? [line`that mapping was not in force at position ${written.position}`] : []),
            checkpointText(written, written.position),
            ...(written.period.isOver ? [] : [line`the period is not over at that position`]),
            ...(written.broken.events === 0
              ? []
              : [
                  line`${written.broken.events} broken events are not counted, the first at position ${written.broken.positions[0]}`,
                ]),
          ]),
        );
      }),
    );
}

function day(text: string): string {
  if (isDay(text)) return text;
  throw new InvalidArgumentError('It must be a day such as 2026-01-31.');
}

const pathOf = (id: string): string => `/v1/statements/${encodeURIComponent(id)}`;

function statementText(statement: StatementAnswer): Shown {
  const { submission, isSent, history, errors } = statement;
  const fields = Object.entries(submission ?? {}).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(', ') : value,
  ]);
  return paragraphs([
    pairs([
      ['statement', statement.statementId],
      ['enforcement', statement.enforcementId],
      ['decision', statement.decision],
      ['clause', statement.clause],
      ['status', statement.status],
      ['queued', time(statement.queuedAt)],
      ['accepted', time(statement.acceptedAt)],
      ['errors', errors.join('; ')],
    ]),
    table([isSent ? 'sent field' : 'field, if sent now', 'value'], fields, 'its clause has no entry in the mapping'),
    table(
      ['position', 'time', 'event'],
      history.map((one) => [Number(one.position), time(one.time), one.type]),
    ),
  ]);
}

function mappingText(mapping: MappingAnswer): Shown {
  return paragraphs([
    pairs([['etag', mapping.etag]]),
    table(
      ['clause', 'category', 'keywords', 'ground', 'law'],
      mapping.entries.map((one) => [
        ...[one.clause ?? 'none', one.category, one.keywords.join(', ')],
        ...[one.ground, one.legalGround],
      ]),
      'nobody has set a mapping: statements wait',
    ),
    ...gapTexts(mapping),
    table(
      ['position', 'set', 'by', 'reason'],
      mapping.history.map((one) => [Number(one.position), time(one.time), actorText(one.actor), one.reason]),
    ),
  ]);
}

const gapTexts = ({ unmapped, unknown, waiting }: MappingDryRunAnswer): Shown[] => [
  unmapped.length === 0
    ? line`every clause of the content policy has an entry`
    : line`clauses without an entry: ${unmapped.join(', ')}`,
  ...(unknown.length === 0
    ? []
    : [line`entries for clauses that no version of the content policy has: ${unknown.join(', ')}`]),
  table(
    ['clause', 'statements that wait for an entry'],
    rowsOf(
      waiting.map(({ clause, statements }) => ({ clause: clause ?? 'none', statements })),
      'clause',
      'statements',
    ),
    'no statement waits for an entry',
  ),
];

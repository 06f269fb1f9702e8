import { type CommandGroup, command, reason } from '../../cli/commands.js';
import { line, paragraphs } from '../../cli/rendering/plain-text.js';
import { rowsOf, table } from '../../cli/rendering/table.js';
import type { Session } from '../../cli/session.js';
import type { RetentionAnswer } from '../features/apply-retention.js';
import type { RetentionCounts } from '../queries/count-retention.js';

export const retentionCommand: CommandGroup = (program, run) => {
  command(
    program,
    'retention <class> <month>',
    'Counts what of a class of data (reasons, prompts, comments, notes or appeals) can be read, by month through one; with --apply it becomes unreadable, for good. Data under a hold is kept. Reads the whole log.',
    "retention prompts 202104 --reason 'prompts are kept for a year'",
    "retention prompts 202104 --reason 'prompts are kept for a year' --apply",
  )
    .requiredOption('--reason <text>', 'why; no personal data', reason)
    .option('--apply', 'destroy the keys of what was counted')
    .action(
      run<{ reason: string; apply?: boolean }>(async (session, { reason: why, apply = false }, dataClass, through) => {
        const post = (body: object) =>
          session.client.post<RetentionAnswer>('/v1/retention-runs', body, { repeatable: true });
        const body = { dataClass, through, reason: why };
        const planned = await post({ ...body, dryRun: true });
        const counts = await counted(session, dataClass!, through!);
        const found = apply ? await post({ ...body, dryRun: false, scope: planned.scope }) : planned;
        session.print({ ...found, ...counts }, () => retentionText(found, counts));
      }),
    );
};

type Counts = Pick<RetentionCounts, 'months' | 'withoutMonth'>;

/** Of all parts of the log. */
async function counted({ client }: Session, dataClass: string, through: string): Promise<Counts> {
  const months = new Map<string, Counts['months'][number]>();
  let withoutMonth = 0;
  for (let after = '0', atHead = false; !atHead; ) {
    const part = await client.get<RetentionCounts>('/v1/retention-counts', { dataClass, through, after });
    for (const { month, readable, held } of part.months) {
      const before = months.get(month) ?? { month, readable: 0, held: 0 };
      months.set(month, { month, readable: before.readable + readable, held: before.held + held });
    }
    withoutMonth += part.withoutMonth;
    ({ next: after, atHead } = part);
  }
  return { months: [...months.values()].sort((a, b) => (a.month < b.month ? -1 : 1)), withoutMonth };
}

function retentionText(
  { dataClass, through, dryRun, held, keptShare }: RetentionAnswer,
  { months, withoutMonth }: Counts,
) {
  const done = dryRun ? 'would become unreadable' : 'can be read by nobody any more';
  return paragraphs([
    line`${dataClass} of all months through ${through}: ${done}`,
    table(
      ['month', 'texts', 'kept under a hold'],
      rowsOf(months, 'month', 'readable', 'held'),
      'nothing can be read of them',
    ),
    ...(held.length > 0 ? [line`kept with ${held.length} accounts under a hold: ${keptShare} of 256 slices`] : []),
    ...(withoutMonth > 0 ? [line`${withoutMonth} texts have no month: only an erasure reaches them`] : []),
  ]);
}

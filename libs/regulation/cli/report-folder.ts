import { createHash } from 'node:crypto';
import { mkdir, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type CoveringCheckpoint, checkpointOver } from '../../cli/log-checkpoint.js';
import { csvLine } from '../../cli/rendering/csv.js';
import type { Session } from '../../cli/session.js';
import type { ExportAnswer, RowsAnswer } from '../../exports/cli.js';
import { DAY_MS, toIso, utcDayOf } from '../../kernel/clock.js';
import { InvalidInput } from '../../kernel/errors.js';
import { isInstant } from '../../kernel/text-forms.js';
import type { MappingEntry } from '../mapping.js';
import type { MappingAnswer } from '../queries/show-mapping.js';
import type { ModerationEvent } from '../report/moderation-event.js';

const PAGE_ROWS = 2_000;
/** The positions that a manifest names. */
const MOST_BROKEN = 1_000;

export interface WantedReport {
  service: string;
  /** The first and the last day of the period. */
  from: string;
  to: string;
  /** The position or the time as of which the log is; the newest event by default. */
  at?: string;
  /** The position of the mapping, or `now`; that which was in force, or the one in force now if there was none, by default. */
  mapping?: string;
  reason: string;
}

export interface ReportManifest extends CoveringCheckpoint {
  form: 'gatehouse-transparency-report/1';
  service: string;
  period: { from: string; to: string; isOver: boolean };
  /** Of the export of what the tables follow from. */
  exportId: string;
  /** The tables follow from the events up to here. */
  position: string;
  /** That of the mapping by which they are; 0 without one. */
  mapping: string;
  /** Events that the tables don't count, since their data is broken; the first positions of them. */
  broken: { events: number; positions: number[] };
  /** Whether that is another one than was in force at the position: a later one, or one that was named. */
  isOtherMapping: boolean;
  files: { file: string; rows: number; sha256: string }[];
}

/**
 * Writes the tables into a folder of their own, and a manifest.
 * @throws InvalidInput for a folder with files, a period that ends before it begins, and measures whose clause has no entry
 */
export async function writeReport(session: Session, folder: string, wanted: WantedReport): Promise<ReportManifest> {
  const { client, ids, progress } = session;
  const { service, from, to, at, reason } = wanted;
  if (to < from) throw new InvalidInput([{ field: '--to', message: `${to} is before ${from}: name a later day` }]);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await readdir(folder)).length > 0)
    throw new InvalidInput([{ field: 'the folder', message: `${folder} has files: name an empty folder` }]);
  const asked = { exportId: ids.next(), dataset: 'moderation', reason, ...(at !== undefined && { to: at }) };
  const made = await client.post<ExportAnswer>('/v1/exports', asked, { repeatable: true });
  const period = { from: Date.parse(from), to: Date.parse(to) + DAY_MS };
  // Other commands need not load them.
  const [{ FigureGathering }, { clausesWithout }, { reportTables }] = await Promise.all([
    import('../report/figure-gathering.js'),
    import('../report/categorised.js'),
    import('../report/report-tables.js'),
  ]);
  const mapping = await mappingFor(session, Number(made.position), wanted.mapping);
  const gathering = new FigureGathering(period, mapping);
  progress.start('events', 0);
  const broken: ReportManifest['broken'] = { events: 0, positions: [] };
  let read = 0;
  let last = 0;
  for (let place: string | undefined; ; ) {
    const path = `/v1/exports/${encodeURIComponent(made.exportId)}/rows`;
    const page: RowsAnswer = await client.get<RowsAnswer>(path, { place, limit: PAGE_ROWS });
    for (const row of page.rows) {
      if (row.data !== null) gathering.add(row as unknown as ModerationEvent);
      else if (broken.events++ < MOST_BROKEN) broken.positions.push(row.position as number);
    }
    last = Math.max(last, ...page.rows.map(({ recordedAt }) => Date.parse(recordedAt as string)));
    read += page.rows.length;
    progress.update(read);
    place = page.next;
    if (place === undefined) break;
  }
  progress.end();
  const figures = gathering.result();
  const missing = clausesWithout(figures, mapping);
  if (missing.length > 0) {
    const names = missing.map((clause) => clause ?? 'decisions that name no clause').join(', ');
    throw new InvalidInput([
      {
        field: 'the mapping',
        message: `of position ${mapping.position} has no entry for ${names}: set one with gatehouse regulation set-mapping, or name another with --mapping`,
      },
    ]);
  }
  const tables = reportTables(figures, { service, period: `${from}/${to}`, mapping });
  const files: ReportManifest['files'] = [];
  for (const { file, head, rows } of tables) {
    const text = [head, ...rows].map(csvLine).join('');
    await written(join(folder, file), text);
    files.push({ file, rows: rows.length, sha256: createHash('sha256').update(text).digest('hex') });
  }
  // Of a position it is only known by an event after the period.
  const asOf = at === undefined ? session.clock.now() : isInstant(at) ? Date.parse(at) : last;
  const isOver = asOf >= period.to;
  const manifest: ReportManifest = {
    form: 'gatehouse-transparency-report/1',
    service,
    period: { from, to, isOver },
    exportId: made.exportId,
    position: made.position,
    mapping: mapping.position,
    broken,
    isOtherMapping: mapping.isOther,
    files,
    ...(await checkpointOver(session, made.position)),
  };
  await written(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

/** Those of a calendar year. */
export const yearOf = (year: number): Pick<WantedReport, 'from' | 'to'> => ({
  from: utcDayOf(toIso(Date.UTC(year, 0, 1))),
  to: utcDayOf(toIso(Date.UTC(year, 11, 31))),
});

/**
 * The mapping that was in force at a position; one that is named, or the one in force now if nobody had set any by then.
 * @throws InvalidInput if none is of the position that is named
 */
async function mappingFor(
  { client }: Session,
  position: number,
  named: string | undefined,
): Promise<{ entries: MappingEntry[]; position: string; isOther: boolean }> {
  const { history } = await client.get<MappingAnswer>('/v1/statement-mapping');
  const then = history.findLast((one) => Number(one.position) <= position);
  const found = named === undefined || named === 'now' ? history.at(-1) : history.find((one) => one.position === named);
  if (!found && named !== undefined)
    throw new InvalidInput([
      { field: '--mapping', message: `no mapping is of position ${named}: gatehouse regulation mapping lists them` },
    ]);
  const used = named === undefined ? (then ?? found) : found;
  return { entries: (used?.entries ?? []).map(entryOf), position: used?.position ?? '0', isOther: used !== then };
}

const entryOf = (entry: MappingAnswer['entries'][number]): MappingEntry => ({
  ...(entry.clause !== null && { clause: entry.clause }),
  ...{ category: entry.category, keywords: entry.keywords, ground: entry.ground },
  ...(entry.otherKeyword !== null && { otherKeyword: entry.otherKeyword }),
});

async function written(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

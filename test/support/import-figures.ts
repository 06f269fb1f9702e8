import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { cohenByHand, fleissByHand, type HandCase, timesByHand } from './review-by-hand.js';

const DATA = process.env.GATEHOUSE_TEST_DATA ?? resolve(process.cwd(), '..', 'shared', 'data');
const FILES = {
  prompts: resolve(DATA, 'prompts', 'prompts.tsv'),
  flags: resolve(DATA, 'human-reviews', 'flags.csv'),
  reviews: resolve(DATA, 'human-reviews', 'reviews.csv'),
};

/** Arguments of the command line for the import. */
export const FILE_OPTIONS = Object.entries(FILES).flatMap(([name, file]) => [`--${name}`, file]);

/** Specs that need the real data: without it they are skipped with a line, and fail in CI. */
export function describeWithData(name: string, specs: () => void): void {
  const isThere = Object.values(FILES).every((file) => existsSync(file));
  const { skip: absent } = it;
  if (isThere || process.env.CI === 'true') describe(name, specs);
  else absent(`${name}: there is no data at ${DATA}, name its place with GATEHOUSE_TEST_DATA`, () => {});
}

export type Counts = { flagged: number; confirmed: number; dismissed: number; cases: HandCase[] };
const nothing = (): Counts => ({ flagged: 0, confirmed: 0, dismissed: 0, cases: [] });

function groupsOf(lines: readonly string[], keyOf: (line: string) => string): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const line of lines) groups.set(keyOf(line), [...(groups.get(keyOf(line)) ?? []), line]);
  return groups;
}

/** The lines of a file below its header. */
const linesOf = (file: string) => readFileSync(file, 'utf8').trimEnd().split(/\r?\n/).slice(1);

/**
 * Writes the first flags of the data with their reviews to files of their own, and with them those with a panel of another
 * size and those that somebody judged twice.
 */
export async function firstFlags(count: number, directory: string) {
  const [flags, reviews] = [linesOf(FILES.flags), linesOf(FILES.reviews)];
  const idOf = (line: string) => line.split(',', 1)[0]!;
  const perFlag = groupsOf(reviews, idOf);
  const usual = perFlag.get(idOf(flags[0]!))!.length;
  const reviewers = (lines: readonly string[]) => new Set(lines.map((line) => line.split(',')[1])).size;
  const isSpecial = (lines: readonly string[]) => lines.length !== usual || reviewers(lines) !== usual;
  const kept = flags.filter((line, place) => place < count || isSpecial(perFlag.get(idOf(line))!));
  const ids = new Set(kept.map(idOf));
  const files = { flags: join(directory, 'flags.csv'), reviews: join(directory, 'reviews.csv') };
  const write = (file: string, header: string, lines: readonly string[]) =>
    writeFile(file, `${[header, ...lines].join('\n')}\n`);
  await write(files.flags, 'flag_id,submitted_at,submitter_id,categories', kept);
  await write(
    files.reviews,
    'flag_id,reviewer_id,answer_time_ms,verdict',
    reviews.filter((line) => ids.has(idOf(line))),
  );
  return files;
}

/** Independent of the product's code. The files have no quotes, so splitting at commas suffices. */
export function figuresOfFiles(given: Partial<typeof FILES> = {}) {
  const files = { ...FILES, ...given };
  const rows = (file: string, separator: string) =>
    linesOf(file).map((line) => line.split(separator) as [string, string, string, string]);
  const prompts = rows(files.prompts, '\t');
  const flags = rows(files.flags, ',');
  const reviews = rows(files.reviews, ',');

  // One reviewer, one vote. A verdict has the time of its flag plus the time the reviewer took.
  const votes: Record<string, Record<string, HandCase[number]>> = {};
  for (const [flagId, reviewer, answerTimeMs, verdict] of reviews) {
    votes[flagId] ??= {};
    votes[flagId][reviewer] ??= { reviewer, verdict, afterMs: Number(answerTimeMs) };
  }
  const isConfirmed = (flagId: string) => {
    const all = Object.values(votes[flagId]!);
    return all.filter(({ verdict }) => verdict === 'unsafe').length > all.length / 2;
  };
  const whole = nothing();
  const categories: Record<string, Counts> = {};
  const days: Record<string, Counts> = {};
  const weeks: Record<string, Counts> = {};
  const offenders = new Set<string>();
  for (const [flagId, submittedAt, submitter, labels] of flags) {
    const count = (groups: Record<string, Counts>, group: string) => {
      groups[group] ??= nothing();
      return groups[group];
    };
    const touched = [whole, count(days, submittedAt.slice(0, 10)), count(weeks, isoWeek(submittedAt))];
    for (const label of labels.split('|')) touched.push(count(categories, label));
    for (const counts of touched) {
      counts.flagged++;
      counts.cases.push(Object.values(votes[flagId]!));
      counts[isConfirmed(flagId) ? 'confirmed' : 'dismissed']++;
    }
    if (isConfirmed(flagId)) offenders.add(`nibbler-${submitter}`);
  }
  const repeatedVotes = reviews.length - Object.values(votes).reduce((sum, one) => sum + Object.keys(one).length, 0);
  const submitters = new Set(flags.map(([, , submitter]) => submitter));
  const promptCategories = new Set(prompts.map(([, category]) => category));
  const people = submitters.size + promptCategories.size;
  return { prompts, flags, reviews, repeatedVotes, whole, categories, days, weeks, offenders, people };
}

/** Wilson's interval as the roots of (p - k/n)² = z²·p(1-p)/n, not in the closed form that the product uses. */
function wilson(hits: number, of: number): [low: number, high: number] {
  const z = 1.959963984540054;
  const a = of + z * z;
  const b = -(2 * hits + z * z);
  const c = (hits * hits) / of;
  const root = Math.sqrt(b * b - 4 * a * c);
  return [Math.max(0, (-b - root) / (2 * a)), Math.min(1, (-b + root) / (2 * a))];
}

/** By counting from the Monday of week 1, the week with January 4 in it. */
function isoWeek(time: string): string {
  const at = Date.parse(`${time.slice(0, 10)}T00:00:00Z`);
  const mondayOfFirst = (year: number) => {
    const fourth = Date.UTC(year, 0, 4);
    return fourth - ((new Date(fourth).getUTCDay() + 6) % 7) * 86_400_000;
  };
  const calendarYear = Number(time.slice(0, 4));
  const year = [calendarYear + 1, calendarYear, calendarYear - 1].find((one) => mondayOfFirst(one) <= at)!;
  return `${year}-W${String(Math.floor((at - mondayOfFirst(year)) / 604_800_000) + 1).padStart(2, '0')}`;
}

const shareOf = (confirmed: number, decided: number) => {
  const [low, high] = wilson(confirmed, decided);
  return {
    hits: confirmed,
    of: decided,
    value: expect.closeTo(confirmed / decided, 12),
    low: expect.closeTo(low, 9),
    high: expect.closeTo(high, 9),
  };
};

/** All but the intervals of the kappas and the latency, which don't follow from the files. */
export const reviewOf = (cases: readonly HandCase[]) => {
  const fleiss = fleissByHand(cases);
  const cohen = cohenByHand(cases);
  return {
    timeToFirstView: timesByHand(cases.map((one) => Math.min(...one.map(({ afterMs }) => afterMs)))),
    timeToVerdict: timesByHand(cases.map((one) => Math.max(...one.map(({ afterMs }) => afterMs)))),
    agreement: {
      fleiss: fleiss === null ? null : { value: expect.closeTo(fleiss, 9), cases: cases.length },
      cohen: cohen && { value: expect.closeTo(cohen.value, 9), pairs: cohen.pairs },
    },
  };
};

export const figuresOf = ({ flagged, confirmed, dismissed }: Omit<Counts, 'cases'>) => ({
  flags: flagged,
  flagged,
  cases: { open: 0, confirmed, dismissed, modelProblem: 0 },
  backlog: 0,
  decided: confirmed + dismissed,
  confirmedShare: shareOf(confirmed, confirmed + dismissed),
  // Nothing in the data was shared or downloaded.
  shared: 0,
  exposed: 0,
  sharedByLink: 0,
  exposedCases: { open: 0, confirmed: 0, dismissed: 0, modelProblem: 0 },
  exposedConfirmedShare: null,
  flaggedShare: null,
  violationRate: null,
  violationRateIfWaiting: null,
});

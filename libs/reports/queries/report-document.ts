import { createHash } from 'node:crypto';
import { share } from '../../safety/index.js';
import type { Figures } from '../events.js';
import type { Published, ReportData } from '../report.js';
import { countWords, digitsOf, percentText, shareWords } from '../wording.js';
import type { Publication, ReportAnswer, ReportDocument, ReportFigure } from './report-answer.js';
import { reportText } from './report-text.js';

type Counted = Pick<ReportData, 'position' | 'asOf' | 'figures'>;

/** @param previous what it is compared with */
export function reportDocument({ position, asOf, figures }: Counted, previous: Published | undefined): ReportDocument {
  const before = previous?.data.figures;
  return {
    form: 'gatehouse-report/1',
    position: String(position),
    asOf,
    previous: previous
      ? {
          reportId: previous.data.reportId,
          position: String(previous.data.position),
          asOf: previous.data.asOf,
          publishedAt: String(previous.position),
        }
      : null,
    figures: [
      peopleFigure(figures, before),
      rateFigure(figures, before),
      ...IMAGE_COUNTS.map((one) => countFigure(one, figures, before)),
      ...SHARES.map((one) => shareFigure(one, figures, before)),
      countFigure(DEACTIVATED, figures, before),
    ],
    checking: [
      `The figures follow from the events up to position ${position} alone: "gatehouse report verify ${position}" counts them again.`,
      `With the file report.evidence, "gatehouse audit verify-bundle report.evidence --key KEY" proves without a server that the report was published, under a signed checkpoint of the log that includes every event up to position ${position}.`,
      `Somebody who has these events ("gatehouse export events FOLDER --to ${position} --reason TEXT") counts them by the definitions above.`,
    ],
  };
}

/** A report with its text and the digest of that. @param previous what it is compared with */
export function renderReport(
  data: Counted,
  reports: readonly Published[],
  previous: Published | undefined,
): Omit<ReportAnswer, 'position'> {
  const report = reportDocument(data, previous);
  const text = reportText(report);
  const sha256 = createHash('sha256').update(text).digest('hex');
  const publication = reports.find((one) => one.data.position === data.position);
  return { report, text, sha256, publication: publication ? publicationOf(publication) : null };
}

export const publicationOf = ({ data, by, at, position }: Published): Publication => ({
  reportId: data.reportId,
  asOf: data.asOf,
  sha256: data.sha256,
  publishedBy: by,
  publishedAt: at,
  position: String(position),
});

interface CountKind {
  name: ReportFigure['name'];
  title: string;
  definition: string;
  of: 'people' | 'generated' | 'exposed' | 'deactivated';
  words(round: string, count: number): string;
}

const plural = (round: string, count: number, one: string, more: string) => `${round} ${count === 1 ? one : more}`;

const IMAGE_COUNTS: readonly CountKind[] = [
  {
    name: 'generated',
    title: 'Images made',
    definition: 'Distinct images with an event ImageGenerated.',
    of: 'generated',
    words: (round, count) => `${plural(round, count, 'image was', 'images were')} made.`,
  },
  {
    name: 'exposed',
    title: 'Images downloaded or shared publicly',
    definition:
      'Distinct images with an event ImageDownloaded, or ImageShared with the audience public, which a share without an audience has.',
    of: 'exposed',
    words: (round, count) => `${plural(round, count, 'image was', 'images were')} downloaded or shared publicly.`,
  },
];

const DEACTIVATED: CountKind = {
  name: 'deactivated',
  title: 'Accounts deactivated',
  definition: 'Distinct accounts with an event AccountDeactivated, also if they were reinstated since.',
  of: 'deactivated',
  words: (round, count) => `${plural(round, count, 'account was', 'accounts were')} deactivated.`,
};

const PEOPLE: CountKind = {
  name: 'people',
  title: 'People in',
  definition: 'Distinct accounts with an event AccountOnboarded, also if they were deactivated since.',
  of: 'people',
  words: (round, count) => `${plural(round, count, 'person was', 'people were')} onboarded.`,
};

function countFigure({ of, words, ...kind }: CountKind, figures: Figures, before?: Figures): ReportFigure {
  const count = figures[of];
  return {
    ...kind,
    words: sentence(words(countWords(count), count)),
    exact: [digitsOf(count)],
    change: before ? changeOfCount(count, before[of]) : null,
    count,
    share: null,
  };
}

const peopleFigure = (figures: Figures, before?: Figures): ReportFigure => countFigure(PEOPLE, figures, before);

function rateFigure({ perWeek, paused }: Figures, before?: Figures): ReportFigure {
  const round = perWeek === undefined ? undefined : digitsOf(perWeek);
  return {
    name: 'rate',
    title: 'Rate',
    definition:
      'The last OnboardingRateSet: how many people may be onboarded in any seven days. Paused after OnboardingPaused until OnboardingResumed.',
    words: rateWords(round, paused),
    exact: [round === undefined ? 'not set' : `${round} people in any seven days${paused ? ', paused' : ''}`],
    change: perWeek === undefined || before?.perWeek === undefined ? null : changeOfCount(perWeek, before.perWeek),
    count: perWeek ?? null,
    share: null,
  };
}

function rateWords(round: string | undefined, paused: boolean): string {
  if (round === undefined) return 'No onboarding rate was set.';
  if (paused) return `Onboarding was paused; the rate was up to ${round} people a week.`;
  return `Up to ${round} people a week could be onboarded.`;
}

interface Shared {
  hits: number;
  of: number;
  /** What the waiting cases could make of it. */
  bounds?: { least: number; most: number; of: number };
}

interface ShareKind {
  name: ReportFigure['name'];
  title: string;
  definition: string;
  read(figures: Figures): Shared;
  words(round: string): string;
  none: string;
}

const SHARES: readonly ShareKind[] = [
  {
    name: 'flagged-share',
    title: 'Flagged share',
    definition:
      'Of the distinct images downloaded or shared publicly: the share with at least one event ContentFlagged.',
    read: ({ flagged, exposed }) => ({ hits: flagged, of: exposed }),
    words: (round) => `${round} of the images that were downloaded or shared publicly were flagged.`,
    none: 'No image was downloaded or shared publicly, so that none of these could be flagged.',
  },
  {
    name: 'confirmed-share',
    title: 'Confirmed share',
    definition:
      'Of the flagged ones of these images whose case reviewers have decided: the share that they confirmed as a violation. With every waiting case: of all flagged ones of these images.',
    read: ({ confirmed, decided, waiting }) => ({
      hits: confirmed,
      of: decided,
      bounds: { least: confirmed, most: confirmed + waiting, of: decided + waiting },
    }),
    words: (round) => `${round} of those whose case was decided were confirmed by reviewers.`,
    none: 'No case of a flagged image of these was decided.',
  },
  {
    name: 'violation-rate',
    title: 'Violation rate',
    definition:
      'Of the distinct images downloaded or shared publicly: the share that reviewers confirmed as a violation, also if only a sample found it.',
    read: ({ violations, exposed, waiting }) => ({
      hits: violations,
      of: exposed,
      bounds: { least: violations, most: violations + waiting, of: exposed },
    }),
    words: (round) => `${round} of the images that were downloaded or shared publicly were confirmed as violations.`,
    none: 'No image was downloaded or shared publicly, so that none of these could be a violation.',
  },
];

function shareFigure({ read, words, none, ...kind }: ShareKind, figures: Figures, before?: Figures): ReportFigure {
  const { hits, of, bounds } = read(figures);
  const found = share(hits, of);
  const interval = found && { low: found.low, high: found.high };
  const wide = bounds && bounds.of > 0 ? { low: bounds.least / bounds.of, high: bounds.most / bounds.of } : null;
  return {
    ...kind,
    words: found ? sentence(words(shareWords(hits, of))) : none,
    exact: [
      found ? `${digitsOf(hits)} of ${digitsOf(of)}, which is ${percentText(found.value)}` : '0 of 0',
      ...(interval ? [`95% interval: ${rangeText(interval)}`] : []),
      ...(wide ? [`however the ${digitsOf(figures.waiting)} waiting cases are decided: ${rangeText(wide)}`] : []),
    ],
    change: before ? changeOfShare({ hits, of }, read(before)) : null,
    count: null,
    share: { hits, of, interval, bounds: wide },
  };
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
const rangeText = ({ low, high }: { low: number; high: number }) => `${percentText(low)} to ${percentText(high)}`;

function changeOfCount(now: number, before: number): string {
  if (now === before) return 'unchanged since the report before';
  const [by, word] = now > before ? [now - before, 'more'] : [before - now, 'fewer'];
  return `${digitsOf(by)} ${word} than in the report before (${digitsOf(before)})`;
}

function changeOfShare(now: Shared, before: Shared): string | null {
  if (now.of === 0 || before.of === 0) return null;
  const earlier = `${digitsOf(before.hits)} of ${digitsOf(before.of)}`;
  const [one, other] = [BigInt(now.hits) * BigInt(before.of), BigInt(before.hits) * BigInt(now.of)];
  if (one === other) return `unchanged since the report before (${earlier})`;
  const points = percentText(Math.abs(now.hits / now.of - before.hits / before.of)).replace('%', '');
  return `${points} percentage points ${one > other ? 'higher' : 'lower'} than in the report before (${earlier})`;
}

import { BreakTaken, ContentViewed } from '../../audit/index.js';
import type { RecordedOf } from '../../events/event-definition.js';
import { utcDayOf } from '../../kernel/clock.js';
import { defineView, int4, int8, nullable, type RowOf, text, timestamptz } from '../../projections/view.js';
import { CaseClaimed } from '../events.js';
import { type CountedLevel, type Stretch, viewed } from '../exposure.js';

/** The columns of what was looked at, by level. */
export const COLUMN_OF = {
  prompt: 'prompts',
  comments: 'comments',
  preview: 'images_previewed',
  blurred: 'images_blurred',
  grey: 'images_grey',
  full: 'images_full',
} as const satisfies Record<CountedLevel, string>;

/** Numbers only: what was looked at is in the log. */
const columns = {
  /** See `wholeKey` and `dayKey`. */
  exposure_id: text(),
  reviewer: text(),
  /** The day in UTC, like `2022-05-18`; null in the row of all days, which alone has a stretch. */
  day: nullable(text()),
  prompts: int4(),
  comments: int4(),
  images_previewed: int4(),
  images_blurred: int4(),
  images_grey: int4(),
  images_full: int4(),
  /** Images of cases that name a clause of the highest severity, at any level. */
  images_severe: int4(),
  breaks: int4(),
  /** In the row of all days: claimed cases that name such a clause, since the last one that does not. */
  severe_in_a_row: int4(),
  /** Since the last break; null after one. */
  stretch_since: nullable(timestamptz()),
  stretch_until: nullable(timestamptz()),
  stretch_full: int4(),
  /** Of the last event. */
  position: int8(),
};

export type ExposureRow = RowOf<typeof columns>;

export const EXPOSURE_COLUMNS = Object.keys(columns);

export const EXPOSURE_COUNTS = [
  ...Object.values(COLUMN_OF),
  'images_severe',
  'breaks',
] as const satisfies (keyof ExposureRow)[];

export const wholeKey = (reviewer: string): string => `all ${reviewer}`;
export const dayKey = (day: string, reviewer: string): string => `${day} ${reviewer}`;

const EVENTS = [ContentViewed, BreakTaken, CaseClaimed] as const;
type ExposureEvent = RecordedOf<(typeof EVENTS)[number]>;

export const exposureView = defineView({
  name: 'exposure',
  version: 3,
  summary: 'How much content each reviewer looked at, by day, since when without a break, and severe cases in a row.',
  events: EVENTS,
  table: { name: 'exposure', key: 'exposure_id', columns },
  keys(event) {
    if (event.type === 'CaseClaimed') return event.data.isSevere === undefined ? [] : [wholeKey(event.data.reviewer)];
    const reviewer = reviewerOf(event);
    return reviewer === undefined ? [] : [wholeKey(reviewer), dayKey(dayOf(event), reviewer)];
  },
  evolve(row: ExposureRow | undefined, event, key) {
    if (row && event.position <= row.position) return row;
    const reviewer = reviewerOf(event)!;
    const day = key === wholeKey(reviewer) ? null : dayOf(event);
    const before = row ?? nothing(key, reviewer, day);
    return { ...changed(before, event), position: event.position };
  },
  counters: {
    name: 'exposure_counters',
    columns: ['reviewers', ...EXPOSURE_COUNTS],
    contribution: (row: ExposureRow) =>
      row.day === null ? [] : [{ bucket: row.day, amounts: { reviewers: 1, ...countsOf(row) } }],
  },
});

/** Only views of the content of cases count; quarantine is read by others. */
function reviewerOf(event: ExposureEvent): string | undefined {
  if (event.type !== 'ContentViewed') return event.data.reviewer;
  const { caseId, level } = event.data;
  return caseId === undefined || level === 'notes' ? undefined : event.metadata.actor.id;
}

/** Our own events have the time of our clock in UTC. */
const dayOf = ({ metadata }: ExposureEvent): string => utcDayOf(metadata.time);

const nothing = (exposure_id: string, reviewer: string, day: string | null): ExposureRow => ({
  exposure_id,
  reviewer,
  day,
  prompts: 0,
  comments: 0,
  images_previewed: 0,
  images_blurred: 0,
  images_grey: 0,
  images_full: 0,
  images_severe: 0,
  breaks: 0,
  severe_in_a_row: 0,
  ...NO_STRETCH,
  position: 0,
});

const NO_STRETCH = { stretch_since: null, stretch_until: null, stretch_full: 0 };

function changed(row: ExposureRow, event: ExposureEvent): ExposureRow {
  switch (event.type) {
    case 'BreakTaken':
      return broken(row);
    case 'ContentViewed':
      return looked(row, event);
    case 'CaseClaimed':
      return { ...row, severe_in_a_row: event.data.isSevere ? row.severe_in_a_row + 1 : 0 };
  }
}

const broken = (row: ExposureRow): ExposureRow => ({ ...row, ...NO_STRETCH, breaks: row.breaks + 1 });

function looked(row: ExposureRow, { data, metadata }: RecordedOf<typeof ContentViewed>): ExposureRow {
  const level = data.level as CountedLevel;
  const counted = { ...row, [COLUMN_OF[level]]: row[COLUMN_OF[level]] + 1 };
  if (data.severeClause !== undefined) counted.images_severe++;
  if (row.day !== null || level === 'preview') return counted;
  const { since, until, full } = viewed(stretchOf(row), level, Date.parse(metadata.time));
  return { ...counted, stretch_since: since, stretch_until: until, stretch_full: full };
}

/** The stretch in the row of all days. */
export const stretchOf = (
  row: Pick<ExposureRow, 'stretch_since' | 'stretch_until' | 'stretch_full'>,
): Stretch | undefined =>
  row.stretch_since === null || row.stretch_until === null
    ? undefined
    : { since: row.stretch_since, until: row.stretch_until, full: row.stretch_full };

export const countsOf = (row: ExposureRow): Record<(typeof EXPOSURE_COUNTS)[number], number> =>
  Object.fromEntries(EXPOSURE_COUNTS.map((name) => [name, row[name]])) as Record<
    (typeof EXPOSURE_COUNTS)[number],
    number
  >;

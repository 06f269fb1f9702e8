import type { EventOf, RecordedOf } from '../../events/event-definition.js';
import { type ImageGenerated, imageEvents } from '../../images/index.js';
import { unhandled } from '../../kernel/decider.js';
import {
  bool,
  defineView,
  int4,
  int8,
  jsonb,
  nullable,
  type RowOf,
  text,
  timestamptz,
} from '../../projections/view.js';
import {
  CaseOpened,
  CaseReopened,
  ModelProblemFound,
  ReviewAmended,
  ReviewConfirmed,
  ReviewDismissed,
  ReviewOverturned,
  ReviewUpheld,
} from '../../review/index.js';
import { ImageSampled } from '../events.js';
import { type CaseStatus, safetyContribution } from '../safety-contribution.js';
import { PREVALENCE_COUNTS, SAFETY_COUNTS } from '../safety-counts.js';

/**
 * Maximum flags kept and counted per image, so that a row stays small. The smallest ids are kept: the result does not
 * depend on the order of delivery.
 */
export const MAX_FLAGS_COUNTED = 1000;

interface SafetyFlag {
  /** The id of the flag's event. */
  id: string;
  categories: string[];
}

/** Each field is a minimum, a union or a maximum, so facts may come in any order and repeatedly. */
const columns = {
  image_id: text(),
  account_id: nullable(text()),
  generated_at: nullable(timestamptz()),
  model: nullable(text()),
  /** Whether it looks like a photograph of people with faces. */
  photorealistic_faces: bool(),
  /** When it was first shared, with whatever audience. */
  shared_at: nullable(timestamptz()),
  /** When it was first shared by link, or with another audience that isn't the public. */
  link_shared_at: nullable(timestamptz()),
  /** When it was first shared publicly or downloaded. */
  exposed_at: nullable(timestamptz()),
  /** The position of the first event by which it was, and when that was stored: the order of arrival. */
  exposed_position: nullable(int8()),
  exposed_stored_at: nullable(timestamptz()),
  /** The first event in the log that says whose it is, and whose: a later claim moves no evidence of the gate. */
  named_position: nullable(int8()),
  named_account_id: nullable(text()),
  /** When it was first flagged. */
  flagged_at: nullable(timestamptz()),
  /** When the first flag or confirmation was stored, whenever its sender says that it happened. */
  labelled_stored_at: nullable(timestamptz()),
  /** When the last later round of its case was opened, of a case that was not confirmed then. */
  round_stored_at: nullable(timestamptz()),
  flag_count: int4(),
  /** Sorted by id. */
  flags: jsonb<SafetyFlag[]>(),
  /** The categories of all flags, sorted. */
  categories: jsonb<string[]>(),
  case_status: text<'none' | CaseStatus>(),
  case_round: int4(),
  decided_at: nullable(timestamptz()),
  /** The clause of the content policy that a confirmation names. */
  clause: nullable(text()),
  /** Whether a detector flagged it. */
  detected: bool(),
  /** If it was chosen for the sample of prevalence: how many of a million were then; 0 if it was skipped. */
  sample_per_million: nullable(int4()),
};

type SafetyImageRow = RowOf<typeof columns>;

/** Cases have the id of their image. */
const EVENTS = [
  ...imageEvents,
  CaseOpened,
  CaseReopened,
  ReviewConfirmed,
  ReviewDismissed,
  ModelProblemFound,
  ReviewOverturned,
  ReviewAmended,
  ReviewUpheld,
  ImageSampled,
] as const;

/** SQL: whether an image is a violation, or may be one: flagged and not decided. Most that were flagged are dismissed. */
export const SUSPECT = `(case_status = 'confirmed' OR (flagged_at IS NOT NULL AND case_status IN ('none', 'open')))`;

/**
 * Rows are written about in the order of these times, so the index only has some ranges of times of each few pages: a thousandth of the
 * rows in size. Images that are reported late are ranges of their own.
 */
const byTime = (column: string): string =>
  `USING brin (${column} timestamptz_minmax_multi_ops) WITH (autosummarize, pages_per_range = 32)`;

export const safetyImagesView = defineView({
  name: 'safety-images',
  version: 9,
  summary: 'The facts, flags and case of each image, and the distinct counts of the safety metrics.',
  events: EVENTS,
  table: {
    name: 'images',
    key: 'image_id',
    columns,
    indexes: [
      // For the figures of some days.
      ...['generated_at', 'exposed_at'].map(byTime),
      // For the figures of review too, then the list of the model's problems, and the images that may not be shared.
      '(flagged_at) WHERE flagged_at IS NOT NULL',
      `(image_id) WHERE case_status = 'model_problem' AND flagged_at IS NOT NULL`,
      '(image_id) WHERE photorealistic_faces',
      // For the evidence of the gate: exposures in the order of arrival, and those that may be violations.
      '(exposed_position) WHERE exposed_position IS NOT NULL',
      // With what late labels are counted by, of all stages since a remedy: those rows need not be read.
      `(exposed_position) INCLUDE (exposed_stored_at, labelled_stored_at, round_stored_at, case_status)
        WHERE exposed_position IS NOT NULL AND ${SUSPECT}`,
    ],
  },
  keys: ({ type, data }) => {
    // Golden cases concern no image that anybody was shown.
    if (type === 'CaseOpened' && data.origin === 'golden') return [];
    return [type === 'CaseReopened' ? data.caseId : data.imageId];
  },
  evolve(row: SafetyImageRow | undefined, event, imageId) {
    const before = row ?? unseen(imageId);
    const after = evolveKnown(before, event, Date.parse(event.metadata.time));
    return after === before ? row : after;
  },
  counters: {
    name: 'safety_counters',
    columns: [...SAFETY_COUNTS, ...PREVALENCE_COUNTS],
    contribution: (row) => safetyContribution(row),
  },
});

const NONE: never[] = [];

const unseen = (imageId: string): SafetyImageRow => ({
  image_id: imageId,
  account_id: null,
  generated_at: null,
  model: null,
  photorealistic_faces: false,
  shared_at: null,
  link_shared_at: null,
  exposed_at: null,
  exposed_position: null,
  exposed_stored_at: null,
  named_position: null,
  named_account_id: null,
  flagged_at: null,
  labelled_stored_at: null,
  round_stored_at: null,
  flag_count: 0,
  flags: NONE,
  categories: NONE,
  case_status: 'none',
  case_round: 0,
  decided_at: null,
  clause: null,
  detected: false,
  sample_per_million: null,
});

type SafetyEvent = RecordedOf<(typeof EVENTS)[number]>;

function evolveKnown(row: SafetyImageRow, event: SafetyEvent, at: number): SafetyImageRow {
  switch (event.type) {
    case 'ImageGenerated':
      return generated(named(row, event.position, event.data.accountId), event.data, at);
    case 'ImageShared':
      return shared(isPublic(event.data) ? arrived(row, event) : row, event.data.audience ?? PUBLIC, at);
    case 'ImageDownloaded':
      return exposedBy(arrived(row, event), at);
    case 'ContentFlagged':
      return detected(
        labelled(flagged(row, event.id, event.data.categories, at), event),
        event.data.flaggerKind === 'detector',
      );
    case 'CaseReopened': {
      // What it was confirmed to be stays in force until the new round decides, and so in the figures.
      if (row.case_status === 'confirmed') return row;
      const { round, undoes } = event.data;
      // An undone job has decided nothing: the case waits since it was flagged.
      return judged(undoes === undefined ? reopened(row, event, round) : row, 'open', round, null);
    }
    case 'CaseOpened':
      return judged(reopened(row, event, event.data.round), 'open', event.data.round, null);
    case 'ReviewConfirmed':
      // Stored confirmations always have a round; the schema makes it optional for other systems.
      return judged(labelled(row, event), 'confirmed', event.data.round ?? row.case_round, at, event.data.clause);
    case 'ReviewDismissed':
      return judged(row, 'dismissed', event.data.round, at);
    case 'ModelProblemFound':
      return judged(row, 'model_problem', event.data.round, at);
    case 'ReviewOverturned':
      // An image that violates nothing counts as one whose case was dismissed.
      return isConfirmed(row, event.data) ? { ...row, case_status: 'dismissed', clause: null } : row;
    case 'ReviewUpheld': {
      const { round, clause } = event.data;
      const isLater = row.case_status === 'confirmed' && round > row.case_round;
      return isLater ? { ...row, case_round: round, clause: clause ?? row.clause } : row;
    }
    case 'ReviewAmended':
      return isConfirmed(row, event.data) ? { ...row, clause: event.data.clause } : row;
    case 'ImageSampled':
      return row.sample_per_million === null
        ? { ...row, sample_per_million: event.data.isSkipped ? 0 : event.data.perMillion }
        : row;
    default:
      return unhandled(event);
  }
}

const isConfirmed = ({ case_status, case_round }: SafetyImageRow, { round }: { round: number }): boolean =>
  case_status === 'confirmed' && case_round === round;

const earliest = (known: number | null, at: number): number => (known === null || at < known ? at : known);

/** A share without an audience is public. */
const PUBLIC = 'public';

const isPublic = ({ audience = PUBLIC }: { audience?: string }): boolean => audience === PUBLIC;

/** An exposure as the log has it, whenever its sender says that it happened. */
function arrived(row: SafetyImageRow, { position, recordedAt }: Pick<SafetyEvent, 'position' | 'recordedAt'>) {
  if (row.exposed_position !== null && row.exposed_position <= position) return row;
  return { ...row, exposed_position: position, exposed_stored_at: Date.parse(recordedAt) };
}

const named = (row: SafetyImageRow, position: number, accountId: string): SafetyImageRow =>
  row.named_position !== null && row.named_position <= position
    ? row
    : { ...row, named_position: position, named_account_id: accountId };

/** What a sample found has no flag: nobody knew of it before it was confirmed. */
function labelled(row: SafetyImageRow, { recordedAt }: Pick<SafetyEvent, 'recordedAt'>): SafetyImageRow {
  const labelled_stored_at = earliest(row.labelled_stored_at, Date.parse(recordedAt));
  return labelled_stored_at === row.labelled_stored_at ? row : { ...row, labelled_stored_at };
}

function reopened(row: SafetyImageRow, { recordedAt }: Pick<SafetyEvent, 'recordedAt'>, round: number): SafetyImageRow {
  const at = Date.parse(recordedAt);
  const isLater = round > 1 && (row.round_stored_at === null || row.round_stored_at < at);
  return isLater ? { ...row, round_stored_at: at } : row;
}

const exposedBy = (row: SafetyImageRow, at: number): SafetyImageRow =>
  row.exposed_at !== null && row.exposed_at <= at ? row : { ...row, exposed_at: at };

function shared(row: SafetyImageRow, audience: string, at: number): SafetyImageRow {
  const shared_at = earliest(row.shared_at, at);
  const seen = audience === PUBLIC ? ('exposed_at' as const) : ('link_shared_at' as const);
  const seen_at = earliest(row[seen], at);
  return shared_at === row.shared_at && seen_at === row[seen] ? row : { ...row, shared_at, [seen]: seen_at };
}

/** The earlier of two claims to an image wins, as in the images view. If both are equal, what they say of the image is merged. */
function generated(row: SafetyImageRow, data: EventOf<typeof ImageGenerated>['data'], at: number): SafetyImageRow {
  const { generated_at, account_id } = row;
  const { accountId } = data;
  const model = data.model ?? null;
  const photorealistic_faces = data.photorealistic === true && data.faces === true;
  if (generated_at === at && account_id === accountId) {
    const both = {
      model: row.model === null || (model !== null && model < row.model) ? model : row.model,
      photorealistic_faces: row.photorealistic_faces || photorealistic_faces,
    };
    const isSame = both.model === row.model && both.photorealistic_faces === row.photorealistic_faces;
    return isSame ? row : { ...row, ...both };
  }
  const isEarlier = generated_at !== null && (generated_at < at || (generated_at === at && account_id! < accountId));
  return isEarlier ? row : { ...row, account_id: accountId, generated_at: at, model, photorealistic_faces };
}

function flagged(row: SafetyImageRow, id: string, categories: readonly string[], at: number): SafetyImageRow {
  const flagged_at = earliest(row.flagged_at, at);
  const place = row.flags.findIndex((flag) => flag.id >= id);
  const known = place >= 0 && row.flags[place]!.id === id;
  const beyond = place < 0 && row.flags.length >= MAX_FLAGS_COUNTED;
  if (known || beyond) return flagged_at === row.flagged_at ? row : { ...row, flagged_at };
  const flags = row.flags.toSpliced(place < 0 ? row.flags.length : place, 0, { id, categories: sorted(categories) });
  flags.length = Math.min(flags.length, MAX_FLAGS_COUNTED);
  return {
    ...row,
    flagged_at,
    flags,
    flag_count: flags.length,
    categories: sorted(flags.flatMap((flag) => flag.categories)),
  };
}

const detected = (row: SafetyImageRow, isDetector: boolean): SafetyImageRow =>
  !isDetector || row.detected ? row : { ...row, detected: true };

const sorted = (labels: readonly string[]): string[] => [...new Set(labels)].sort();

/** A later round replaces an earlier one, and in a round the decision replaces the opening. */
function judged(
  row: SafetyImageRow,
  status: CaseStatus,
  round: number,
  at: number | null,
  clause: string | null = null,
): SafetyImageRow {
  if (round < row.case_round) return row;
  if (round === row.case_round && (status === 'open' || row.decided_at !== null)) return row;
  return { ...row, case_status: status, case_round: round, decided_at: at, clause };
}

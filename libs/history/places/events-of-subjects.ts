import type { EventStore } from '../../event-store/event-store.js';
import type { Position, RecordedEvent } from '../../kernel/envelope.js';
import { StoreUnavailable, Unavailable } from '../../kernel/errors.js';
import { isTransientDatabaseError } from '../../kernel/transient.js';
import { arrayParameter } from '../../platform/database/array-parameters.js';
import type { Pool } from '../../platform/database/database.js';
import { INDEX_VERSION, subjectsOf } from '../subjects.js';
import { SUBJECT_INDEX } from './subject-index.js';

/** One statement, and so one moment: how far the index is, and the places that it has up to there. */
export const PLACES = {
  name: 'gatehouse_places_of_subjects',
  text: `WITH checkpoint AS (
           SELECT coalesce((SELECT position FROM projections.checkpoints WHERE follower = '${SUBJECT_INDEX}'), 0) AS indexed
         )
         SELECT c.indexed, p.position FROM checkpoint c LEFT JOIN LATERAL (
           SELECT DISTINCT one.position FROM unnest($1::text[]) s CROSS JOIN LATERAL (
             SELECT position FROM history.places
             WHERE subject = s COLLATE "C" AND position > $2 AND position <= least($3, c.indexed)
             ORDER BY position LIMIT $4
           ) one ORDER BY one.position LIMIT $4
         ) p ON true ORDER BY p.position`,
};

/**
 * What another version has indexed, and where this one is in it. Nothing is indexed yet without an epoch. A checkpoint beyond what
 * this version has reached was moved by a process of an earlier release, whose places nobody has added to yet.
 */
const UNFILLED = {
  name: 'gatehouse_unfilled_places',
  text: `WITH one AS (
           SELECT *, version <> $1 OR version_epoch <> epoch OR reached < coalesce(
             (SELECT position FROM projections.checkpoints WHERE follower = '${SUBJECT_INDEX}'), 0) AS is_of_another
           FROM history.indexed WHERE epoch <> ''
         )
         SELECT CASE WHEN is_of_another THEN 0 ELSE filled END AS filled,
                CASE WHEN is_of_another THEN NULL ELSE fill_to END AS fill_to
         FROM one WHERE is_of_another OR filled < fill_to`,
};

/** What the index lacks is read from the log, if it is not more than this. */
const MOST_PAGES_BEHIND = 20;
const PAGE = 1_000;

export interface SubjectPage {
  events: RecordedEvent[];
  /** False if there are more after the last of these. */
  isLast: boolean;
}

/** The events of subjects, also those that the index does not have yet. */
export class SubjectEvents {
  constructor(
    private readonly pool: Pool,
    private readonly store: Pick<EventStore, 'readAll' | 'readPositions'>,
    private readonly facts: ReadonlySet<string>,
  ) {}

  /** The subjects by which an event is found. */
  of(event: RecordedEvent): string[] {
    return subjectsOf(event, this.facts.has(event.type));
  }

  /**
   * The events that concern any of the subjects, after a position and up to one that is stored, in the order of the log.
   * @throws Unavailable `index-behind` while the index is far behind; StoreUnavailable
   */
  async read(subjects: readonly string[], after: Position, to: Position, limit: number): Promise<SubjectPage> {
    const { indexed, positions } = await this.places(subjects, after, to, limit + 1);
    const events = await this.store.readPositions(positions.slice(0, limit));
    if (positions.length > limit) return { events, isLast: false };
    const wanted = new Set(subjects);
    for (let from = Math.max(after, indexed), pages = 0; from < to; pages++) {
      if (pages === MOST_PAGES_BEHIND) throw indexBehind(from, to);
      const { events: page, next } = await this.store.readAll(from, { limit: PAGE });
      for (const event of page) {
        if (event.position > to) break;
        if (!this.of(event).some((subject) => wanted.has(subject))) continue;
        if (events.length === limit) return { events, isLast: false };
        events.push(event);
      }
      if (next === from) break;
      from = next;
    }
    return { events, isLast: true };
  }

  /**
   * For answers that must lack nothing: what was indexed by an earlier release may lack subjects, until it is indexed again.
   * @throws Unavailable `index-behind`
   */
  async whole(): Promise<this> {
    const [unfilled] = await this.rowsOf({ ...UNFILLED, values: [INDEX_VERSION] });
    if (unfilled) throw indexUnfilled(unfilled.filled, unfilled.fill_to);
    return this;
  }

  private async places(subjects: readonly string[], after: Position, to: Position, limit: number) {
    const values = [arrayParameter('text', subjects), after, to, limit];
    const rows = await this.rowsOf({ ...PLACES, values });
    const positions = rows.flatMap(({ position }) => (position === null ? [] : [Number(position)]));
    return { indexed: Number(rows[0].indexed), positions };
  }

  private async rowsOf(query: { name: string; text: string; values: unknown[] }) {
    try {
      return (await this.pool.query(query)).rows;
    } catch (error) {
      if (!isTransientDatabaseError(error)) throw error;
      throw new StoreUnavailable('the database is unreachable', { cause: error });
    }
  }
}

const indexUnfilled = (filled: string, to: string | null) =>
  new Unavailable(
    'index-behind',
    to === null
      ? 'the index of subjects is of another release, and may lack what is asked for: retry once a projector of this release is running'
      : `what an earlier release has indexed is indexed again, up to position ${filled} of ${to}: retry in a while`,
  );

const indexBehind = (from: Position, to: Position) =>
  new Unavailable(
    'index-behind',
    `the index of subjects lacks too many events between positions ${from} and ${to}: retry in a while; if that lasts, check that a projector is running`,
  );

import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { batched } from '../../kernel/batched.js';
import { earlierMoment } from '../../kernel/earlier-moment.js';
import type { Position } from '../../kernel/envelope.js';
import { NotCaughtUp } from '../../kernel/errors.js';
import { inSnapshot, inTransaction } from '../../platform/database/in-transaction.js';
import { POOL } from '../../platform/ports.js';
import { Rebuilder } from '../../projections/rebuilder.js';
import type { View } from '../../projections/view.js';
import { ViewNotBuilt } from '../../projections/view-query.js';
import { countedEvidence } from './counted-evidence.js';
import {
  EVIDENCE_SOURCES,
  type EvidencePeriod,
  type EvidenceReading,
  type Rows,
  rowsOf,
  type ViewPositions,
} from './evidence-sources.js';
import { gateFigures } from './gate-figures.js';
import { keepEvidence, readKept } from './kept-evidence.js';
import { lateLabels } from './late-labels.js';
import { type ModelFigures, modelFigures, type SeriesPoint, stageSeries } from './stage-figures.js';

const POSITIONS = `
  SELECT b.view, array_agg(c.position::float8 ORDER BY c.lane) AS positions FROM projections.builds b
  JOIN projections.checkpoints c ON c.follower = 'view:' || b.view || ':v' || b.version || ':b' || b.build
  JOIN unnest($1::text[], $2::int[]) v (name, version) ON v.name = b.view AND v.version = b.version
  WHERE b.live GROUP BY 1`;

/** By the clock that events are stored by. */
const NOW = 'SELECT (extract(epoch FROM log.present_time()) * 1000)::float8 AS at';

/** Readings that one answers. */
const MOST_ALIKE = 1_000;

interface Question {
  period: EvidencePeriod;
  stages: readonly Position[];
  until: Position;
}

type Outcome = PromiseSettledResult<EvidenceReading | undefined>;

/** Reads the evidence of the gate, in the order in which exposures and accounts arrived in the log. */
@Injectable()
export class StageEvidence {
  /** One at a time counts in the database for this object: those that wait for it share one reading, and one connection. */
  private readonly together = batched<Question, Outcome>((questions) => this.answers(questions), {
    most: MOST_ALIKE,
    atOnce: 1,
  });

  /**
   * Exposures, or accounts, that are counted in one transaction, and how long one reading counts what nobody has counted yet: little, unless
   * a view was built again or another release counts otherwise. What is left then, the next reading counts.
   */
  protected readonly limits = { batch: 50_000, countingMs: 3_000 };

  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  /**
   * Counts what is new in the views, and reads the evidence of one moment of them.
   * @param stages the positions at which stages began, this one's too
   * @param until up to where those are known: what arrived later may belong to another stage
   * @returns undefined if a later stage has begun since
   * @throws ViewNotBuilt; NotCaughtUp if more is left to count than in that time
   */
  async read(
    period: EvidencePeriod,
    stages: readonly Position[],
    until: Position,
  ): Promise<EvidenceReading | undefined> {
    const moment = earlierMoment();
    if (moment) return earlierReading(rowsOf(this.pool), period, moment.position);
    const outcome = await this.together({ period, stages, until });
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  }

  /** The evidence of a stage by the day of its arrival, as it was last counted; empty if that was another stage. */
  series(since: Position): Promise<SeriesPoint[]> {
    return inSnapshot(this.pool, (client) => stageSeries(rowsOf(client as unknown as pg.Pool), since));
  }

  /** What was exposed in each stage, by model, with what was found since; for display. */
  byModel(stages: readonly Position[]): Promise<ModelFigures[]> {
    return inSnapshot(this.pool, (client) => modelFigures(rowsOf(client as unknown as pg.Pool), stages));
  }

  /** Questions about the same stages and settings have one answer; that one fails must not fail another. */
  private async answers(questions: readonly Question[]): Promise<Outcome[]> {
    const keys = questions.map(({ period: { now: _, ...period }, stages }) => JSON.stringify([period, stages]));
    const outcomes = new Map<string, Outcome>();
    for (const key of new Set(keys)) {
      const [outcome] = await Promise.allSettled([this.counted(latestOf(questions.filter((_, n) => keys[n] === key)))]);
      outcomes.set(key, outcome);
    }
    return keys.map((key) => outcomes.get(key)!);
  }

  private async counted({ period, stages, until }: Question): Promise<EvidenceReading | undefined> {
    const { countingMs } = this.limits;
    const deadline = performance.now() + countingMs;
    for (;;) {
      const { reading, left } = await this.attempt(period, stages, until);
      if (!left) return reading;
      if (performance.now() >= deadline)
        throw new NotCaughtUp(`the evidence of the gate, counted up to position ${left.done},`, left.of, countingMs);
    }
  }

  /** @returns what is left to count if that is more than in one transaction; nothing if a later stage has begun */
  private attempt(
    period: EvidencePeriod,
    stages: readonly Position[],
    until: Position,
  ): Promise<{ reading?: EvidenceReading; left?: { done: Position; of: Position } }> {
    return inTransaction(this.pool, async (client) => {
      await client.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
      // What a crash of the database loses is counted again.
      await client.query('SET LOCAL synchronous_commit = off');
      // Before the snapshot, so that it has what another process has counted.
      await client.query('LOCK TABLE gate.evidence IN EXCLUSIVE MODE');
      const rows = rowsOf(client as unknown as pg.Pool);
      const positions = await positionsIn(rows);
      const known = Math.min(until, ...Object.values(positions).flat());
      const found = await keepEvidence(rows, period, stages, known, this.limits.batch);
      if (!found) return {};
      const { kept, left } = found;
      if (left) return { left };
      const { position } = kept;
      const { arrived, ...counts } = await readKept(rows, kept, period);
      const figures = { ...(await gateFigures(rows, kept.as_of, position)), arrived };
      const late = await lateLabels(rows, { ...period, now: kept.as_of }, position);
      const [{ at: storedAt }] = await rows(NOW);
      return { reading: { ...counts, figures, late, at: kept.as_of, storedAt, position, positions } };
    });
  }
}

/** One that answers all of them: they know the same stages, each up to where it asks for. */
const latestOf = (alike: readonly Question[]): Question => ({
  ...alike[0]!,
  period: { ...alike[0]!.period, now: Math.max(...alike.map(({ period }) => period.now)) },
  until: Math.max(...alike.map(({ until }) => until)),
});

/** Counts the evidence of an earlier reading again, in views that are replayed from the log. */
@Injectable()
export class EarlierEvidence {
  constructor(@Inject(Rebuilder) private readonly rebuilder: Rebuilder) {}

  /**
   * @param period its `now` is the time of the reading
   * @param position up to where exposures and onboardings were counted
   * @throws as `Rebuilder.readAt`
   */
  recount(
    period: EvidencePeriod,
    position: Position,
    positions: ViewPositions,
  ): Promise<Omit<EvidenceReading, 'positions' | 'at' | 'storedAt'>> {
    return this.rebuilder.readAt(
      EVIDENCE_SOURCES as unknown as readonly View[],
      (view, shard) => positions[view.name]?.[shard] ?? position,
      (db) => recounted(rowsOf(db as pg.Pool), period, position),
    );
  }
}

/** Without what was counted before. */
async function recounted(rows: Rows, period: EvidencePeriod, position: Position) {
  const { arrived, ...counts } = await countedEvidence(rows, period, position);
  const figures = { ...(await gateFigures(rows, period.now, position)), arrived };
  return { ...counts, figures, late: await lateLabels(rows, period, position), position };
}

/** The clock of an earlier moment is that of its last event. */
async function earlierReading(rows: Rows, period: EvidencePeriod, position: Position): Promise<EvidenceReading> {
  return { ...(await recounted(rows, period, position)), at: period.now, storedAt: period.now, positions: {} };
}

/** @throws ViewNotBuilt */
async function positionsIn(rows: Rows): Promise<ViewPositions> {
  const found = await rows(
    POSITIONS,
    EVIDENCE_SOURCES.map(({ name }) => name),
    EVIDENCE_SOURCES.map(({ version }) => version),
  );
  if (found.length < EVIDENCE_SOURCES.length)
    throw new ViewNotBuilt('a view that the evidence comes from is not built yet: retry in a moment');
  return Object.fromEntries(found.map(({ view, positions }) => [view, positions]));
}

import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { batched } from '../../kernel/batched.js';
import type { Clock } from '../../kernel/clock.js';
import type { Position } from '../../kernel/envelope.js';
import { arrayParameter } from '../../platform/database/array-parameters.js';
import { CLOCK, POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { casesView } from '../views/cases.js';
import { dueAgainFor } from './case-filter.js';

/** How long a reservation holds if its process ends before the claim is stored. */
const RESERVED_MS = 60_000;
/** How long a reviewer is not given a case that was refused to them, unless the view shows a change of it. */
const REFUSED_MS = 300_000;
/** Expired reservations and refusals are deleted after so many. */
const CLEAN_EVERY = 1_000;

export interface Wanted {
  queue: string;
  reviewer: string;
  /** Rejects if the reviewer may have no case. It is read while the cases are. */
  standing: Promise<Standing>;
  isEscalated: boolean;
  /** Golden cases are for those who don't know which they are. */
  isGoldenLeftOut: boolean;
}

/** Which cases a reviewer may have. */
export interface Standing {
  /** Accounts whose cases the reviewer may not have. */
  accounts: readonly string[];
  /** The number of the reviewer's reservations when what they hold was counted: there is no case for them after another one. */
  turn?: number | undefined;
  /** Whether cases of these categories are not for the reviewer. */
  isLeftOut(categories: readonly string[]): boolean;
}

/** A case that this process has found for a reviewer, while the database says whether it gets it. */
export interface Found {
  caseId: string;
  /** False if another process got the case, or one for the same reviewer in this turn. */
  isReserved: Promise<boolean>;
}

interface Request extends Wanted {
  resolve(found: Found | undefined): void;
  reject(error: unknown): void;
}

/** A request with what was read for it. */
interface Ready extends Omit<Request, 'standing'>, Standing {}

/** A case that waits for a reviewer, with what says which reviewers may not have it. */
interface FreeCase {
  case_id: string;
  /** As text, since a date has no microseconds. */
  due: string;
  position: string;
  account_id: string | null;
  origin: string;
  categories: string[];
  /** Who flagged it, and who of ours judged it. */
  involved: string[];
  /** Whom alone it waits for. */
  kept_for: string | null;
  /** Those who ask to whom it was refused. */
  refused: string[];
}

/** Most requests that are served at once. */
const MAX_AT_ONCE = 128;
/** Cases that are looked at in one go for reviewers who may not have the first ones. */
const PAGE = 200;
/** Looked at beyond one for each request, since somebody may not have their first case. */
const SPARE = 4;

const NOW = 'to_timestamp($1::float8 / 1000)';

/**
 * The claimed cases whose claim has expired. `OFFSET 0` keeps the planner from reading all claimed ones in the order in which
 * they are due, which it prefers as long as its statistics are from a time with few claims.
 */
const EXPIRED = `(SELECT * FROM ${viewTable(casesView)}
  WHERE queue = $2 AND status = 'claimed' AND claimed_until <= ${NOW} OFFSET 0)`;
const OPEN = viewTable(casesView);

/** Of these cases: those after a place that are free, in the order in which they are due. */
const freeCases = (
  cases: string,
  state: string,
) => `(SELECT c.case_id, c.due_at, c.position, c.account_id, c.origin, c.categories, c.flags, c.verdicts,
      CASE WHEN c.reserved_until > ${NOW} THEN c.reserved_for ELSE ${dueAgainFor(NOW)} END AS kept_for
    FROM ${cases} c
    WHERE c.queue = $2 AND c.is_escalated = $3 AND c.status = '${state}'
      AND (c.decides_at IS NULL OR c.decides_at <= ${NOW})
      AND (c.reserved_until IS NULL OR c.reserved_until <= ${NOW} OR (c.reserved_for = ANY ($4::text[]) AND NOT c.is_held))
      AND NOT EXISTS (SELECT FROM review.case_reservations r WHERE r.case_id = c.case_id AND r.until > ${NOW}
        AND coalesce(r.claimed_at, r.seen + 1) > c.position)
      AND (c.due_at, c.case_id) > ($5::timestamptz, $6::text)
    ORDER BY c.due_at, c.case_id LIMIT $7)`;

/**
 * The cases that are due first. It reads an index of the open cases in order, and the claims that have expired, so it costs
 * the same however many cases are closed or claimed.
 */
const FREE = {
  name: 'gatehouse_free_cases',
  text: `SELECT f.case_id, f.due_at::text AS due, f.position, f.account_id, f.origin, f.categories, f.kept_for,
      ARRAY(SELECT one->>'flaggedBy' FROM jsonb_array_elements(f.flags) one WHERE one ? 'flaggedBy')
        || ARRAY(SELECT one->>'reviewer' FROM jsonb_array_elements(f.verdicts) one WHERE one->>'source' IS NULL) AS involved,
      ARRAY(SELECT r.reviewer FROM review.refused_cases r
        WHERE r.reviewer = ANY ($4::text[]) AND r.case_id = f.case_id AND r.seen >= f.position AND r.until > ${NOW}) AS refused
    FROM (${freeCases(OPEN, 'open')} UNION ALL ${freeCases(EXPIRED, 'claimed')}) f
    ORDER BY f.due_at, f.case_id LIMIT $7`,
};

/**
 * Two processes that find the same case get it once, and those that count the claims of the same reviewer get one case for
 * them. They insert in one order, first turns and then cases, so that neither waits for the other.
 */
const TAKE = {
  name: 'gatehouse_take_cases',
  text: `WITH found AS MATERIALIZED (
      SELECT * FROM unnest($3::text[], $4::int8[], $5::text[], $6::int8[]) AS f (case_id, seen, reviewer, turn)
    ), turns AS (
      INSERT INTO review.reviewer_turns AS t (reviewer, turn)
      SELECT reviewer, turn + 1 FROM found WHERE turn IS NOT NULL ORDER BY reviewer
      ON CONFLICT (reviewer) DO UPDATE SET turn = excluded.turn WHERE t.turn = excluded.turn - 1
      RETURNING reviewer
    )
    INSERT INTO review.case_reservations AS r (case_id, until, seen, reviewer)
    SELECT case_id, to_timestamp($2::float8 / 1000), seen, reviewer
    FROM found WHERE turn IS NULL OR reviewer IN (SELECT reviewer FROM turns)
    ORDER BY case_id
    ON CONFLICT (case_id) DO UPDATE SET until = excluded.until, seen = excluded.seen, reviewer = excluded.reviewer, claimed_at = NULL
      WHERE r.until <= ${NOW} OR coalesce(r.claimed_at, r.seen + 1) <= excluded.seen
    RETURNING case_id`,
};

/** Locks them in the order of `TAKE`. */
const MARK_CLAIMED = {
  name: 'gatehouse_mark_claimed',
  text: `UPDATE review.case_reservations r
    SET claimed_at = c.position, until = greatest(r.until, to_timestamp(c.claimed_until / 1000))
    FROM (SELECT case_id, position, claimed_until FROM review.case_reservations
      JOIN unnest($1::text[], $2::int8[], $3::float8[]) c (case_id, position, claimed_until)
      USING (case_id) ORDER BY case_id FOR UPDATE OF case_reservations) c
    WHERE r.case_id = c.case_id`,
};

const BEFORE_ALL: Pick<FreeCase, 'due' | 'case_id'> = { due: '-infinity', case_id: '' };

/** Gives each waiting case to one reviewer at a time. */
@Injectable()
export class WaitingCases {
  /** By queue. Who asks while others are served waits, and is served together with all who wait then. */
  private readonly requests = new Map<string, Request[]>();
  private reservations = 0;
  private readonly markClaimed = batched(
    async (claims: readonly { caseId: string; position: Position; until: number }[]) => {
      const ids = arrayParameter(
        'text',
        claims.map(({ caseId }) => caseId),
      );
      const positions = arrayParameter(
        'int8',
        claims.map(({ position }) => position),
      );
      const ends = arrayParameter(
        'float8',
        claims.map(({ until }) => until),
      );
      await this.pool.query({ ...MARK_CLAIMED, values: [ids, positions, ends] });
      return claims.map(() => undefined);
    },
    { most: MAX_AT_ONCE, atOnce: 1 },
  );

  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** The case that is due first among those that the reviewer may have, by the view; undefined if there is none. */
  async find(wanted: Wanted): Promise<Found | undefined> {
    if (++this.reservations % CLEAN_EVERY === 0) await this.clean();
    const key = `${wanted.isEscalated} ${wanted.queue}`;
    return new Promise((resolve, reject) => {
      const request = { ...wanted, resolve, reject };
      const waiting = this.requests.get(key);
      if (waiting) return void waiting.push(request);
      this.requests.set(key, [request]);
      void this.serve(key);
    });
  }

  private async serve(key: string): Promise<void> {
    const waiting = this.requests.get(key)!;
    while (waiting.length > 0) {
      const batch = waiting.splice(0, MAX_AT_ONCE);
      await this.give(batch).catch((error) => {
        for (const { reject } of batch) reject(error);
      });
    }
    this.requests.delete(key);
  }

  /** @param requests for one queue */
  private async give(requests: readonly Request[]): Promise<void> {
    let limit = requests.length + SPARE;
    const reading = [this.free(requests, BEFORE_ALL, limit), ready(requests)] as const;
    let [free, rest] = await Promise.all(reading);
    for (;;) {
      const found = suited(rest, free);
      const taken = this.take(found);
      // Who gets a case goes on with it meanwhile.
      for (const [{ resolve }, { case_id: caseId }] of found)
        resolve({ caseId, isReserved: taken.then((ids) => ids.has(caseId)) });
      await taken.catch(() => undefined);
      rest = rest.filter((request) => !found.has(request));
      if (rest.length === 0) return;
      if (free.length < limit) for (const { resolve } of rest) resolve(undefined);
      if (free.length < limit) return;
      limit = PAGE;
      free = await this.free(rest, free.at(-1)!, limit);
    }
  }

  private async free(
    requests: readonly Pick<Request, 'queue' | 'isEscalated' | 'reviewer'>[],
    after: typeof BEFORE_ALL,
    limit: number,
  ): Promise<FreeCase[]> {
    const { queue, isEscalated } = requests[0]!;
    const reviewers = arrayParameter(
      'text',
      requests.map(({ reviewer }) => reviewer),
    );
    const values = [this.clock.now(), queue, isEscalated, reviewers, after.due, after.case_id, limit];
    const { rows } = await queryView(this.pool, { ...FREE, values });
    return rows;
  }

  /** @returns the ids of those that no other process took */
  private async take(found: ReadonlyMap<Ready, FreeCase>): Promise<ReadonlySet<string>> {
    if (found.size === 0) return new Set();
    const cases = [...found.values()];
    const asked = [...found.keys()];
    const now = this.clock.now();
    const ids = arrayParameter(
      'text',
      cases.map(({ case_id }) => case_id),
    );
    const positions = arrayParameter(
      'int8',
      cases.map(({ position }) => Number(position)),
    );
    const reviewers = arrayParameter(
      'text',
      asked.map(({ reviewer }) => reviewer),
    );
    const turns = arrayParameter(
      'int8',
      asked.map(({ turn }) => turn ?? null),
    );
    const values = [now, now + RESERVED_MS, ids, positions, reviewers, turns];
    const { rows } = await this.pool.query({ ...TAKE, values });
    return new Set(rows.map(({ case_id }) => case_id));
  }

  /**
   * The case is not free until the view has its claim, and then if the case itself is.
   * @param until when the claim ends, in epoch milliseconds: the view may lag behind for longer than a reservation lasts
   */
  claimed(caseId: string, position: Position, until: number): Promise<void> {
    return this.markClaimed({ caseId, position, until });
  }

  async release(caseId: string): Promise<void> {
    await this.pool.query('DELETE FROM review.case_reservations WHERE case_id = $1', [caseId]);
  }

  /** Frees a case that its own events refuse to the reviewer, who does not get it again for a while. */
  async refused(caseId: string, reviewer: string): Promise<void> {
    await this.pool.query(
      `WITH freed AS (DELETE FROM review.case_reservations WHERE case_id = $2 RETURNING case_id, seen)
       INSERT INTO review.refused_cases (reviewer, case_id, seen, until)
       SELECT $1, case_id, seen, to_timestamp($3::float8 / 1000) FROM freed
       ON CONFLICT (reviewer, case_id) DO UPDATE SET seen = excluded.seen, until = excluded.until`,
      [reviewer, caseId, this.clock.now() + REFUSED_MS],
    );
  }

  private async clean(): Promise<void> {
    for (const table of ['review.case_reservations', 'review.refused_cases'])
      await this.pool.query(`DELETE FROM ${table} WHERE until <= ${NOW}`, [this.clock.now()]);
  }
}

/** Those of the requests whose reviewers may have cases; the others are answered with why not. */
async function ready(requests: readonly Request[]): Promise<Ready[]> {
  const read = await Promise.allSettled(requests.map(({ standing }) => standing));
  return requests.flatMap((request, n) => {
    const standing = read[n]!;
    if (standing.status === 'fulfilled') return [{ ...request, ...standing.value }];
    request.reject(standing.reason);
    return [];
  });
}

/** For each request in turn, the first of the cases that its reviewer may have and that no request before it has. */
function suited(requests: readonly Ready[], free: readonly FreeCase[]): Map<Ready, FreeCase> {
  const found = new Map<Ready, FreeCase>();
  const left = new Set(free);
  for (const request of requests) {
    for (const one of left) {
      if (!mayHave(request, one)) continue;
      found.set(request, one);
      left.delete(one);
      break;
    }
  }
  return found;
}

const mayHave = (
  { reviewer, accounts, isGoldenLeftOut, isLeftOut }: Ready,
  { account_id, origin, categories, involved, kept_for, refused }: FreeCase,
): boolean =>
  !(isGoldenLeftOut && origin === 'golden') &&
  !isLeftOut(categories) &&
  account_id !== reviewer &&
  (account_id === null || !accounts.includes(account_id)) &&
  !involved.includes(reviewer) &&
  (kept_for === null || kept_for === reviewer) &&
  !refused.includes(reviewer);

import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { POOL } from '../../platform/ports.js';

const COUNTS = `SELECT reason, sum(shares)::float8 AS shares, to_char(min(min(day)) OVER (), 'YYYY-MM-DD') AS since
  FROM access.denied_shares GROUP BY reason`;

export interface CountedDenials {
  /** By the reason of the deny. */
  byReason: ReadonlyMap<string, number>;
  /** The first day that is counted, as `2022-05-18`; UTC. */
  since: string;
}

/** How often decision points of all processes denied a share because of the image, also those that have ended. */
@Injectable()
export class DeniedShareCounts {
  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  async read(): Promise<CountedDenials> {
    // The day from which on they are counted has a row, even without a deny.
    const { rows } = await this.pool.query(COUNTS);
    return { byReason: new Map(rows.map(({ reason, shares }) => [reason, shares])), since: rows[0].since };
  }
}

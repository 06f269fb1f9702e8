import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import type { Settings } from '../../platform/configuration/settings.js';
import { POOL, SETTINGS } from '../../platform/ports.js';
import { isPoor } from '../flagger-record.js';
import { flaggerBucket } from '../views/cases.js';
import { caseCounts } from './case-counts.js';

/** Reads how the flags of somebody were decided, as of a moment ago. */
@Injectable()
export class FlaggerRecords {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'poorFlaggerPercent'>,
  ) {}

  async isPoor(flagger: string): Promise<boolean> {
    const { poorFlaggerPercent: percent } = this.settings;
    if (percent === 0) return false;
    const bucket = flaggerBucket(flagger);
    const record = (await caseCounts(this.pool, [bucket])).get(bucket);
    return record !== undefined && isPoor(record, percent);
  }
}

import type { Pool } from 'pg';

export type QuarantinePool = Pool;

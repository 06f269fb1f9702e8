import type { Pool } from 'pg';

export type CasePool = Pool;

import { expect, it } from '@jest/globals';
import type pg from 'pg';
import { NotCaughtUp } from '../kernel/errors.js';
import { ViewReader } from './view-reader.js';

const view = { name: 'late', version: 1 } as never;
const HOUR_MS = 3_600_000;

/** A database in which no view ever moves. */
const pool = { query: async () => ({ rows: [{ position: 0 }] }) } as unknown as pg.Pool;

it('ends waits at once when the process stops, and those that begin later', async () => {
  const reader = new ViewReader(pool);
  const waiting = expect(reader.reached(view, 1, HOUR_MS)).rejects.toThrow(NotCaughtUp);
  reader.stop();
  await waiting;
  await expect(reader.reached(view, 1, HOUR_MS)).rejects.toThrow(NotCaughtUp);
  await reader.reached(view, 0, HOUR_MS);
});

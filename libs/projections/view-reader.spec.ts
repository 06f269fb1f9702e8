import { expect, it } from '@jest/globals';
import type pg from 'pg';
import { until } from '../../test/support/until.js';
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

it('looks again only after a page, or after the given time', async () => {
  let [position, looks] = [0, 0];
  const moving = { query: async () => ({ rows: [{ position: [position, looks++][0] }] }) } as unknown as pg.Pool;
  const reader = new ViewReader(moving);
  const reached = reader.reached(view, 1, HOUR_MS, HOUR_MS);
  await until(() => looks === 1);
  position = 1;
  reader.moved();
  await reached;
  expect(looks).toBe(2);
  position = 0;
  await expect(reader.reached(view, 1, 1, HOUR_MS)).rejects.toThrow(NotCaughtUp);
});

import { EventEmitter } from 'node:events';
import { expect, it } from '@jest/globals';
import { onStopSignals } from './stop-signals.js';

it('stops once for the Ctrl-C of a terminal that npm passes on, and at once for a later one', () => {
  const process = new EventEmitter();
  const told: string[] = [];
  let now = 1_000;
  onStopSignals(
    () => told.push('stop'),
    () => told.push('at once'),
    process,
    () => now,
  );
  process.emit('SIGINT');
  now += 2;
  process.emit('SIGINT');
  process.emit('SIGTERM');
  expect(told).toEqual(['stop']);
  now += 1_000;
  process.emit('SIGINT');
  expect(told).toEqual(['stop', 'at once']);
});

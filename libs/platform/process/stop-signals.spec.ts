import { EventEmitter } from 'node:events';
import { expect, it } from '@jest/globals';
import { onStopSignals } from './stop-signals.js';

it('stops once for a Ctrl-C that npm repeats, and at once for a later one', () => {
  const process = new EventEmitter();
  const called: string[] = [];
  let now = 1_000;
  onStopSignals(
    () => called.push('stop'),
    () => called.push('at once'),
    process,
    () => now,
  );
  process.emit('SIGINT');
  now += 2;
  process.emit('SIGINT');
  process.emit('SIGTERM');
  expect(called).toEqual(['stop']);
  now += 1_000;
  process.emit('SIGINT');
  expect(called).toEqual(['stop', 'at once']);
});

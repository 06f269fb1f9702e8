import { Writable } from 'node:stream';
import { expect, it } from '@jest/globals';
import pino from 'pino';
import { Fenced } from '../../libs/subscriptions/checkpoints.js';
import { failures } from './failures.js';

it('counts and warns of errors, and mentions takeovers only', () => {
  const lines: Record<string, unknown>[] = [];
  const write = new Writable({
    write(chunk, _, done) {
      lines.push(JSON.parse(chunk.toString()));
      done();
    },
  });
  const counted: unknown[] = [];
  const report = failures({ inc: (labels: unknown) => counted.push(labels) }, pino(write), 'it failed', {
    consumer: 'a',
  });
  report(new Fenced('8 of 28 checkpoints were moved by another process'));
  expect(counted).toEqual([]);
  expect(lines).toEqual([expect.objectContaining({ level: 30, reason: expect.stringContaining('8 of 28') })]);
  report(new Error('a defect'));
  expect(counted).toEqual([{ consumer: 'a' }]);
  expect(lines[1]).toMatchObject({ level: 40, msg: 'it failed', err: { message: 'a defect' } });
});

import { expect, it } from '@jest/globals';
import { StoreUnavailable } from '../../kernel/errors.js';
import { errorLog } from './error-log.js';
import { createLogger } from './logger.js';

function loggedErrors() {
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger(
    { logLevel: 'warn', logFormat: 'json' },
    { write: (line) => lines.push(JSON.parse(line)) },
  );
  const clock = { now: 0 };
  return { lines, clock, log: errorLog(logger, 'it failed and restarts', () => clock.now) };
}

const away = () => new StoreUnavailable('the log is unreachable');

it('logs the same error once a minute, with the number of repeats', () => {
  const { lines, clock, log } = loggedErrors();
  for (clock.now = 0; clock.now <= 60_000; clock.now += 500) log(away());
  expect(lines).toMatchObject([
    { msg: 'it failed and restarts', reason: 'the log is unreachable' },
    { reason: 'the log is unreachable', repeats: 119 },
  ]);
});

it('logs a different error at once', () => {
  const { lines, log } = loggedErrors();
  log(away());
  log(away());
  log(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
  log(away());
  expect(lines).toMatchObject([
    { reason: 'the log is unreachable' },
    { reason: 'refused', repeats: 1 },
    { reason: 'the log is unreachable' },
  ]);
});

it('logs the stack of permanent errors only', () => {
  const { lines, log } = loggedErrors();
  log(away());
  log(new TypeError('a flaw'));
  expect(lines[0]).not.toHaveProperty('err');
  expect(lines[1]).toMatchObject({ err: { type: 'TypeError', stack: expect.stringContaining('error-log.spec') } });
});

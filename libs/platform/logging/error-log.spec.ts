import { expect, it } from '@jest/globals';
import { StoreUnavailable } from '../../kernel/errors.js';
import { ErrorLog } from './error-log.js';
import { createLogger } from './logger.js';

function troubleLog() {
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger(
    { logLevel: 'warn', logFormat: 'json' },
    { write: (line) => lines.push(JSON.parse(line)) },
  );
  const clock = { now: 0 };
  return { lines, clock, log: new ErrorLog(logger, 'it failed and restarts', () => clock.now) };
}

const away = () => new StoreUnavailable('the log is away');

it('tells the same trouble once a minute, and how often it came meanwhile', () => {
  const { lines, clock, log } = troubleLog();
  for (clock.now = 0; clock.now <= 60_000; clock.now += 500) log.report(away());
  expect(lines).toMatchObject([
    { msg: 'it failed and restarts', reason: 'the log is away' },
    { reason: 'the log is away', untold: 119 },
  ]);
});

it('tells another trouble at once', () => {
  const { lines, log } = troubleLog();
  log.report(away());
  log.report(away());
  log.report(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
  log.report(away());
  expect(lines).toMatchObject([
    { reason: 'the log is away' },
    { reason: 'refused', untold: 1 },
    { reason: 'the log is away' },
  ]);
});

it('shows the stack of what does not pass by itself, and of nothing else', () => {
  const { lines, log } = troubleLog();
  log.report(away());
  log.report(new TypeError('a flaw'));
  expect(lines[0]).not.toHaveProperty('err');
  expect(lines[1]).toMatchObject({ err: { type: 'TypeError', stack: expect.stringContaining('error-log.spec') } });
});

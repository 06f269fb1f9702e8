import { describe, expect, it } from '@jest/globals';
import { createLogger, tracedLogger } from './logger.js';
import { nestLogger } from './nest-logger.js';

function logged(
  logFormat: 'json' | 'pretty' | 'auto',
  write: (logger: ReturnType<typeof createLogger>) => void,
  isTTY = false,
): string[] {
  const lines: string[] = [];
  write(createLogger({ logLevel: 'info', logFormat }, { write: (line) => lines.push(line), isTTY }));
  return lines;
}

describe('the logger', () => {
  it('writes JSON with a level name, an ISO time and the trace', () => {
    const [line] = logged('auto', (logger) =>
      tracedLogger(logger, {
        correlationid: 'c1',
        traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      }).info('ready'),
    );
    expect(JSON.parse(line!)).toMatchObject({
      level: 'info',
      msg: 'ready',
      correlationid: 'c1',
      traceid: '4bf92f3577b34da6a3ce929d0e0e4736',
      time: expect.stringMatching(/Z$/),
    });
  });

  it('writes readable lines on a terminal, with the stack of an error', () => {
    const [line] = logged('auto', (logger) => logger.error({ err: new Error('broken'), port: 1 }, 'went wrong'), true);
    expect(line).toMatch(/error.*went wrong.*port=1.*\nError: broken\n {4}at /s);
  });

  it('redacts credentials and e-mail addresses by field name and inside strings', () => {
    const token = `ght_${'a'.repeat(16)}_${'b'.repeat(43)}`;
    const lines = logged('json', (logger) => {
      logger.info(
        { req: { headers: { authorization: `Bearer ${token}` } }, email: 'x', body: { email: 'y' } },
        'named',
      );
      logger.info(`got ${token} from ann.lee+1@mail.example.org`);
      logger.error({ err: new Error(`no such user bob@example.org`) }, 'failed');
    });
    expect(lines.join('')).not.toMatch(/ght_|ann\.lee|bob@|"x"|"y"/);
    expect(lines[1]).toContain('got [redacted] from [redacted]');
  });

  it('leaves out the parameters and rows that a driver attaches to its errors', () => {
    const error = Object.assign(new Error('duplicate key value'), {
      code: '23505',
      detail: 'Key (name)=(Lovelace) already exists.',
      parameters: ['Lovelace'],
      driverError: { detail: 'Failing row contains (Lovelace).' },
    });
    const [line] = logged('json', (logger) => logger.error({ err: error }, 'failed'));
    expect(JSON.parse(line!).err).toMatchObject({ type: 'Error', message: 'duplicate key value', code: '23505' });
    expect(line).not.toContain('Lovelace');
  });

  it('writes Nest’s errors, but not its wiring messages', () => {
    const lines = logged('json', (logger) => {
      const nest = nestLogger(logger);
      nest.log('mapped a route', 'RouterExplorer');
      nest.error('no provider', 'at somewhere', 'Injector');
    });
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ level: 'error', msg: 'no provider', context: 'Injector', stack: 'at somewhere' }),
    ]);
  });
});

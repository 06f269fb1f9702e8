import { type Logger as Pino, pino } from 'pino';
import type { Settings } from '../configuration/settings.js';
import { prettyLine } from './pretty-line.js';

export type Logger = Pino;

export interface LogSink {
  write(line: string): unknown;
  isTTY?: boolean;
}

const CENSOR = '[redacted]';
const SECRET_NAMES = ['authorization', 'cookie', 'token', 'secret', 'password', 'email', 'prompt', 'comment', 'note'];
const SECRETS_IN_TEXT = /ght_[0-9a-f]{16}_[\w-]{43}|\beyJ[\w-]+\.[\w-]+\.[\w-]+|[\w.%+-]+@[\w-]+(?:\.[\w-]+)+/g;

/**
 * The process's logger. It redacts secrets and personal data by field name and, inside strings, by their form.
 * @param sink standard output by default
 */
export function createLogger(
  settings: Pick<Settings, 'logLevel' | 'logFormat'>,
  sink: LogSink = process.stdout,
): Logger {
  const pretty = settings.logFormat === 'pretty' || (settings.logFormat === 'auto' && sink.isTTY === true);
  return pino(
    {
      level: settings.logLevel,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      redact: { paths: SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: CENSOR },
    },
    {
      write(line) {
        const clean = line.replace(SECRETS_IN_TEXT, CENSOR);
        sink.write(pretty ? prettyLine(clean, sink.isTTY === true) : clean);
      },
    },
  );
}

/** A logger whose lines carry the trace of one request or event. */
export const tracedLogger = (
  logger: Logger,
  { correlationid, traceparent }: { correlationid: string; traceparent?: string },
): Logger => logger.child({ correlationid, ...(traceparent && { traceid: traceparent.split('-')[1] }) });

import { type Logger as Pino, pino } from 'pino';
import type { Settings } from '../configuration/settings.js';

export type Logger = Pino;

export interface LogSink {
  write(line: string): unknown;
  isTTY?: boolean;
}

const CENSOR = '[redacted]';
const SECRET_NAMES = ['authorization', 'cookie', 'token', 'secret', 'password', 'email', 'prompt', 'comment', 'note'];
const SECRETS_IN_TEXT = /ght_[0-9a-f]{16}_[\w-]{43}|\beyJ[\w-]+\.[\w-]+\.[\w-]+|[\w.%+-]+@[\w-]+(?:\.[\w-]+)+/g;

/** Without what drivers attach to their errors: the parameters and rows of a statement may be personal data. */
function errorFields(error: Error) {
  const { type, message, stack } = pino.stdSerializers.err(error);
  const { code } = error as { code?: unknown };
  return { type, message, stack, ...(typeof code === 'string' ? { code } : {}) };
}

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
      serializers: { err: (error) => (error instanceof Error ? errorFields(error) : error) },
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

const COLOURS: Record<string, number> = { fatal: 41, error: 31, warn: 33, info: 32, debug: 36, trace: 90 };

/** Formats a JSON log line for a terminal: time of day, level, message, then the rest as name=value; a stack on lines of its own. */
function prettyLine(json: string, coloured: boolean): string {
  const { time, level, msg = '', context, err, ...rest } = JSON.parse(json);
  const paint = (text: string, colour: number) => (coloured ? `\u001b[${colour}m${text}\u001b[0m` : text);
  const fields = Object.entries(rest).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const head = [
    paint(String(time).slice(11, 23), 90),
    paint(String(level).padEnd(5), COLOURS[level] ?? 0),
    context ? paint(`[${context}]`, 36) : '',
    msg,
    paint(fields.join(' '), 90),
  ];
  return `${head.filter((part) => part !== '' && part !== paint('', 90)).join(' ')}\n${err ? `${err.stack ?? err.message}\n` : ''}`;
}

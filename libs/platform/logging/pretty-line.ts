const COLOURS: Record<string, number> = { fatal: 41, error: 31, warn: 33, info: 32, debug: 36, trace: 90 };

/** Formats a JSON log line for a terminal: time of day, level, message, then the rest as name=value; a stack on lines of its own. */
export function prettyLine(json: string, coloured: boolean): string {
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

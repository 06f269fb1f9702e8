type Left = { value: unknown } | { text: string };

/** Serializes a value of any depth: JSON.stringify overflows the stack at a few thousand levels. */
export function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null';
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return withoutRecursion(value);
  }
}

function withoutRecursion(value: unknown): string {
  const left: Left[] = [{ value }];
  const written: string[] = [];
  for (let next = left.pop(); next; next = left.pop()) {
    written.push('text' in next ? next.text : open(next.value, left));
  }
  return written.join('');
}

/** Returns the start of a value's text and pushes the rest on the stack, last part first. */
function open(value: unknown, left: Left[]): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const list = Array.isArray(value);
  const parts: [string, unknown][] = list
    ? value.map((item) => ['', item])
    : Object.entries(value).map(([name, item]) => [`${JSON.stringify(name)}:`, item]);
  left.push({ text: list ? ']' : '}' });
  for (let n = parts.length - 1; n >= 0; n--) {
    const [before, item] = parts[n]!;
    left.push({ value: item }, { text: n > 0 ? `,${before}` : before });
  }
  return list ? '[' : '{';
}

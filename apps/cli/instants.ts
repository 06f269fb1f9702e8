const INSTANT = /^[12]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/** RFC 3339 with its offset, of a day that there is. */
export function isInstant(text: string): boolean {
  if (!INSTANT.test(text) || Number.isNaN(Date.parse(text))) return false;
  const day = text.slice(0, 10); // Date.parse takes February 30 for March 2
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}

import { sortedJson } from '../../kernel/canonical-json.js';
import { InvalidInput } from '../../kernel/errors.js';

/** A name, an index, or all members. */
type Step = string | number | typeof EVERY;
const EVERY = Symbol('every');

/** `.name`, `['name']`, `[0]`, `[*]` and `.*`: the part of JSONPath (RFC 9535) that selects by place. */
const STEP = /\.([A-Za-z_][A-Za-z0-9_]*)|\['([^']*)'\]|\[(\d{1,9})\]|(\.\*|\[\*\])/y;
const RULE =
  "must be a path like $.data.categories[*] or $.metadata.actor.role: a $, then .name, ['name'], [0], [*] or .*";

/** Parses a path. @throws InvalidInput */
function stepsOf(path: string, field: string): Step[] {
  const steps: Step[] = [];
  let at = path.startsWith('$') ? 1 : -1;
  while (at >= 0 && at < path.length) {
    STEP.lastIndex = at;
    const found = STEP.exec(path);
    if (!found) at = -1;
    else {
      const [text, name, quoted, index] = found;
      steps.push(name ?? quoted ?? (index === undefined ? EVERY : Number(index)));
      at += text.length;
    }
  }
  if (at < 0) throw new InvalidInput([{ field, message: RULE }]);
  return steps;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function selected(values: readonly unknown[], step: Step): unknown[] {
  return values.flatMap((value): unknown[] => {
    if (step === EVERY) return Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [];
    if (typeof step === 'number') return Array.isArray(value) && step < value.length ? [value[step]] : [];
    return isObject(value) && Object.hasOwn(value, step) ? [value[step]] : [];
  });
}

/**
 * Whether a value has something at a path and, if a string is given, whether that is the string, or the JSON value that it is.
 * @throws InvalidInput for a path that is none
 */
export function pathMatcher(path: string, wanted: string | undefined, field: string): (value: unknown) => boolean {
  const steps = stepsOf(path, field);
  const isWanted = (found: unknown): boolean =>
    wanted === undefined || found === wanted || (typeof found !== 'string' && sortedJson(found) === wanted);
  return (value) => steps.reduce<readonly unknown[]>(selected, [value]).some(isWanted);
}

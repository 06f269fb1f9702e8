import { untruncatedInterval } from '../../gate/bounds.js';
import { logEHarm, logESafe } from '../../gate/evidence.js';
import { type InvalidField, InvalidInput } from '../../kernel/errors.js';

/** Of each tail together: the interval has a coverage of 95%. */
const INTERVAL_ALPHA = 0.05;
const MAX_ERRORS = 20;

/** One question to the statistics of the gate: x violations among n exposures, the prior Beta(a, b) and the limit p0. */
export interface GateCase {
  n: number;
  x: number;
  a: number;
  b: number;
  p0: number;
}

/** Natural logarithms of the evidence, and the two-sided interval of the mixture without truncation. */
export interface GateResult {
  logESafe: number;
  logEHarm: number;
  csLower: number;
  csUpper: number;
}

type Check = (value: number, other: GateCase) => boolean;

/** What each field has to be; in these ranges every result is finite and has nine correct digits. */
const FIELDS: Record<keyof GateCase, { check: Check; is: string }> = {
  n: { check: isCount, is: 'an integer from 0 to 9007199254740991' },
  x: { check: (x, { n }) => isCount(x) && !(isCount(n) && x > n), is: 'an integer from 0 to n' },
  a: { check: isShape, is: 'a number from 1e-6 to 1e15' },
  b: { check: isShape, is: 'a number from 1e-6 to 1e15' },
  p0: { check: (p0) => p0 >= 1e-300 && p0 < 1, is: 'a number between 0 and 1, from 1e-300' },
};

/**
 * The cases of a file; further members of the document and of each case are ignored.
 * @throws InvalidInput that names each invalid field by its JSON Pointer, up to the first 20
 */
export function gateCasesOf(document: unknown): GateCase[] {
  const cases = isObject(document) ? document.cases : undefined;
  if (!Array.isArray(cases)) {
    const message = 'is missing or no list: write {"cases": [{"n": 8377, "x": 0, "a": 1, "b": 2000, "p0": 0.0005}]}';
    throw new InvalidInput([{ field: '/cases', message }]);
  }
  const errors: InvalidField[] = [];
  for (const [index, one] of cases.entries()) {
    if (errors.length < MAX_ERRORS) errors.push(...errorsOf(one, index));
  }
  if (errors.length > 0) throw new InvalidInput(errors.slice(0, MAX_ERRORS));
  return cases as GateCase[];
}

export function computeCase({ n, x, a, b, p0 }: GateCase): GateResult {
  const [counts, prior] = [
    { n, x },
    { a, b },
  ];
  const { low, high } = untruncatedInterval(counts, prior, Math.log(1 / INTERVAL_ALPHA));
  return {
    logESafe: logESafe(counts, prior, p0),
    logEHarm: logEHarm(counts, prior, p0),
    csLower: low,
    csUpper: high,
  };
}

function errorsOf(one: unknown, index: number): InvalidField[] {
  const example = '{"n": 8377, "x": 0, "a": 1, "b": 2000, "p0": 0.0005}';
  if (!isObject(one)) {
    return [{ field: `/cases/${index}`, message: `is no object: write case ${index}, counted from 0, as ${example}` }];
  }
  return Object.entries(FIELDS).flatMap(([name, { check, is }]) => {
    const value = one[name];
    if (typeof value === 'number' && check(value, one as unknown as GateCase)) return [];
    const found = value === undefined ? 'is missing' : `is ${JSON.stringify(value)}, which is not ${is}`;
    return [
      {
        field: `/cases/${index}/${name}`,
        message: `${found}: write ${is} as ${name} of case ${index}, counted from 0`,
      },
    ];
  });
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isShape(value: number): boolean {
  return value >= 1e-6 && value <= 1e15;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

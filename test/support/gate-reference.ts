import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { it } from '@jest/globals';

const DATA = process.env.GATEHOUSE_TEST_DATA ?? resolve(process.cwd(), '..', 'shared', 'data');
export const REFERENCE_FILE = resolve(DATA, 'gate', 'reference.json');

/** A case of the reference file; what was computed has 25 digits, as strings. */
export interface ReferenceCase {
  n: number;
  x: number;
  a: number;
  b: number;
  p0: number;
  logESafe: string;
  logEHarm: string;
  csLower: string;
  csUpper: string;
  oneMinusCsUpper: string;
}

/** A spec over the reference values: without them it is skipped with a line, and fails in CI. */
export function itWithReference(name: string, spec: (cases: readonly ReferenceCase[]) => Promise<void> | void): void {
  const { skip: absent } = it;
  if (existsSync(REFERENCE_FILE) || process.env.CI === 'true')
    it(name, () => spec((JSON.parse(readFileSync(REFERENCE_FILE, 'utf8')) as { cases: ReferenceCase[] }).cases));
  else absent(`${name}: there is no ${REFERENCE_FILE}, name its folder with GATEHOUSE_TEST_DATA`, () => {});
}

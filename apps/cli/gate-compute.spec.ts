import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { itWithReference, REFERENCE_FILE } from '../../test/support/gate-reference.js';
import { runCommandLine } from './program.js';

const OPENS = { n: 8377, x: 0, a: 1, b: 2000, p0: 0.0005 };

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-gate-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function run(...args: string[]) {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const code = await runCommandLine(args, { env: {}, stdout, stderr, signal: new AbortController().signal });
  return { code, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') };
}

function compute(document: unknown, ...args: string[]) {
  const file = join(directory, 'cases.json');
  writeFileSync(file, typeof document === 'string' ? document : JSON.stringify(document));
  return run('gate', 'compute', '--cases', file, ...args);
}

const errorsOf = async (document: unknown) => {
  const { code, stdout, stderr } = await compute(document, '--json');
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  return (JSON.parse(stderr) as { errors: { field: string; message: string }[] }).errors;
};

it('computes the evidence and the interval of each case, in the order of the file, without a server', async () => {
  const cases = [OPENS, { ...OPENS, n: 0, comment: 'ignored' }, { n: 1, x: 1, a: 1, b: 2, p0: 0.3 }];
  const { code, stdout, stderr } = await compute({ about: 'ignored', cases }, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toEqual([
    {
      logESafe: expect.closeTo(2.9960437447897, 9),
      logEHarm: expect.closeTo(-1.6464446380632, 9),
      csLower: 0,
      csUpper: expect.closeTo(0.000558, 5),
    },
    { logESafe: 0, logEHarm: 0, csLower: 0, csUpper: 1 },
    {
      logESafe: expect.closeTo(-0.75377180237638, 9),
      logEHarm: expect.closeTo(0.57536414490356, 9),
      csLower: expect.closeTo(1 / 60, 9),
      csUpper: 1,
    },
  ]);
});

it('shows the same as a table', async () => {
  const { code, stdout } = await compute({ cases: [OPENS] });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^ *N +X +A +B +P0 +LN E SAFE +LN E HARM +LOWER +UPPER\n/);
  expect(stdout).toMatch(/8,377 +0 +1 +2000 +0\.0005 +2\.996043745 +-1\.646444638 +0 +0\.0005/);
});

itWithReference('agrees with the reference file to nine digits', async (cases) => {
  const { code, stdout } = await run('gate', 'compute', '--cases', REFERENCE_FILE, '--json');
  expect(code).toBe(0);
  const results = JSON.parse(stdout) as Record<'logESafe' | 'logEHarm' | 'csLower' | 'csUpper', number>[];
  expect(results).toHaveLength(cases.length);
  for (const [i, { logESafe, logEHarm, csLower, csUpper }] of cases.entries()) {
    const found = results[i]!;
    for (const [one, expected] of [
      [found.logESafe, logESafe],
      [found.logEHarm, logEHarm],
    ] as const)
      expect(Math.abs(one - Number(expected))).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(Number(expected))));
    for (const [one, expected] of [
      [found.csLower, csLower],
      [found.csUpper, csUpper],
    ] as const)
      expect(Math.abs(one - Number(expected))).toBeLessThanOrEqual(1e-9 * Number(expected));
  }
});

it('answers finite numbers at the ends of each range', async () => {
  const ends = [1e-6, 1, 1e15].flatMap((a) =>
    [1e-6, 1, 1e15].flatMap((b) =>
      [1e-300, 1e-9, 0.5, 1 - 2 ** -53].flatMap((p0) =>
        [
          [0, 0],
          [1, 0],
          [1, 1],
          [1_000_000, 0],
          [1_000_000, 1_000_000],
        ].map(([n, x]) => ({ n, x, a, b, p0 })),
      ),
    ),
  );
  const { stdout } = await compute({ cases: ends }, '--json');
  const results = JSON.parse(stdout) as Record<string, unknown>[];
  expect(results.flatMap((result) => Object.values(result)).filter((value) => !Number.isFinite(value))).toEqual([]);
});

it.each([
  ['n', 1.5, 'an integer from 0 to 9007199254740991'],
  ['n', -1, 'an integer from 0 to 9007199254740991'],
  ['n', '8377', 'an integer from 0 to 9007199254740991'],
  ['x', 8378, 'an integer from 0 to n'],
  ['a', 0, 'a number from 1e-6 to 1e15'],
  ['b', null, 'a number from 1e-6 to 1e15'],
  ['p0', 1, 'a number between 0 and 1, from 1e-300'],
  ['p0', 0, 'a number between 0 and 1, from 1e-300'],
])('names the case, the field and the remedy if %s is %j, and prints nothing else', async (field, value, is) => {
  expect(await errorsOf({ cases: [OPENS, { ...OPENS, [field]: value }] })).toEqual([
    {
      field: `/cases/1/${field}`,
      message: `is ${JSON.stringify(value)}, which is not ${is}: write ${is} as ${field} of case 1, counted from 0`,
    },
  ]);
});

it('names a field that is missing, a case that is no object, and a file without cases', async () => {
  const { b, ...withoutB } = OPENS;
  expect(await errorsOf({ cases: [withoutB, 7] })).toEqual([
    {
      field: '/cases/0/b',
      message: expect.stringMatching(/^is missing: write a number .* of case 0, counted from 0$/),
    },
    { field: '/cases/1', message: expect.stringMatching(/^is no object: write case 1, counted from 0, as \{"n"/) },
  ]);
  for (const document of [{}, [], 7, { cases: {} }]) {
    expect(await errorsOf(document)).toEqual([
      { field: '/cases', message: expect.stringMatching(/write \{"cases": \[\{"n"/) },
    ]);
  }
  const text = await compute({ cases: [{ ...OPENS, x: -1 }] });
  expect({ code: text.code, stdout: text.stdout }).toEqual({ code: 2, stdout: '' });
  expect(text.stderr).toMatch(/\/cases\/0\/x is -1, which is not an integer from 0 to n/);
});

it('names at most the first 20 fields, and a file that is not JSON or absent', async () => {
  expect(await errorsOf({ cases: Array.from({ length: 50 }, () => ({})) })).toHaveLength(20);
  expect(await errorsOf('{"cases": [')).toEqual([{ field: '--cases', message: expect.stringMatching(/is not JSON/) }]);
  const absent = await run('gate', 'compute', '--cases', join(directory, 'absent.json'));
  expect(absent).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/ENOENT.*check the path/) });
});

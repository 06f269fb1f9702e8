import { PassThrough } from 'node:stream';
import { expect, it } from '@jest/globals';
import { line } from './rendering/plain-text.js';
import { openSession } from './session.js';

it.each([false, true])(
  'returns nothing from printing, which a command may return as its exit code (--json: %s)',
  (json) => {
    const stdout = new PassThrough();
    const terminal = { env: {}, stdout, stderr: new PassThrough(), signal: new AbortController().signal };
    const session = openSession({ json }, terminal);
    const printed = [session.print({ a: 1 }, () => line`a`), session.printItem({ b: 2 }, () => line`b`)];
    expect(printed).toEqual([undefined, undefined]);
    expect(String(stdout.read())).toMatch(/a[\s\S]*b/);
  },
);

import { expect, it } from '@jest/globals';
import { isExposed } from './key-file.js';

const ROOT = 0;
const ANY_OTHER = 1_234;

it.each([
  [0o400, ANY_OTHER, false],
  [0o600, ANY_OTHER, false],
  [0o700, ANY_OTHER, false],
  [0o640, ANY_OTHER, true],
  [0o740, ANY_OTHER, true],
  [0o604, ANY_OTHER, true],
  [0o440, ROOT, false],
  [0o640, ROOT, false],
  [0o740, ROOT, false],
  [0o660, ROOT, true],
  [0o644, ROOT, true],
])('a key file of mode %o of user %d is exposed: %s', (mode, uid, exposed) => {
  expect(isExposed({ mode: 0o100_000 | mode, uid })).toBe(exposed);
});

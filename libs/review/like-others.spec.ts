import { createHash } from 'node:crypto';
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { likeOther } from './like-others.js';

const SEED = 43;
const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');

it.each([
  ['acc-4711', /^acc-\d{4}$/],
  ['acc4711', /^acc\d{4}$/],
  ['user_aBcX', /^user_[a-p][A-P][a-p][A-P]$/],
  ['62a1c9f04be2', /^[0-9a-f]{12}$/],
  ['0196e0f0-0000-7000-8000-000000000001', /^0196e0f0-0000-7[0-9]{3}-8[0-9]{3}-[0-9]{12}$/],
  ['9b2e6f3c-5a41-4d0f-b7aa-0c1d2e3f4a5b', /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-b[0-9a-f]{3}-[0-9a-f]{12}$/],
])('makes an id of the form of %s', (id, form) => {
  const made = likeOther(id, hashOf('one'));
  expect(made).toMatch(form);
  expect(made).not.toBe(id);
  expect(likeOther(id, hashOf('one'))).toBe(made);
  expect(likeOther(id, hashOf('two'))).not.toBe(made);
});

it('keeps the length, and the kind of each character, of any id', () => {
  const kindOf = (id: string) => id.replaceAll(/\d/g, '0').replaceAll(/[a-z]/g, 'a').replaceAll(/[A-Z]/g, 'A');
  fc.assert(
    fc.property(fc.stringMatching(/^[0-9A-Za-z][0-9A-Za-z._:-]{0,60}$/), fc.string(), (id, seed) => {
      expect(kindOf(likeOther(id, hashOf(seed)))).toBe(kindOf(id));
    }),
    { seed: SEED },
  );
});

import { expect, it } from '@jest/globals';
import { recordedOf, replay } from '../../../test/support/fold-view.js';
import { ErasureCancelled, ErasureRequested, ErasureStarted, PersonalDataErased } from '../events.js';
import { erasuresView } from './erasures.js';

it('has how far the last erasure of a person is', () => {
  const { once, replayed } = replay(erasuresView, [
    recordedOf(1, ErasureRequested),
    recordedOf(2, ErasureCancelled),
    recordedOf(3, ErasureRequested, { reason: 'again' }),
    recordedOf(4, ErasureStarted),
    recordedOf(5, PersonalDataErased),
  ]);
  expect(replayed).toEqual(once);
  expect(once.map(({ rows }) => rows['acc-1']!.status)).toEqual([
    'requested',
    'cancelled',
    'requested',
    'started',
    'erased',
  ]);
  expect(once.at(-1)!.rows['acc-1']).toMatchObject({
    reason: 'again',
    started_at: expect.any(Number),
    erased_at: expect.any(Number),
    backups_expire_at: Date.parse('2022-06-20T10:20:05.000Z'),
  });
});

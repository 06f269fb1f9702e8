import { expect, it } from '@jest/globals';
import { recordedOf, replay } from '../../../test/support/fold-view.js';
import { FlaggerNoted } from '../../review/index.js';
import { notedReportersView } from './noted-reporters.js';

it('has a row for each note of a user, and none for detectors and staff', () => {
  const note = (position: number, data: object) =>
    recordedOf(position, FlaggerNoted, { caseId: 'img-1', flaggedBy: 'acc-7', flaggerKind: 'user', ...data });
  const { once, replayed } = replay(notedReportersView, [
    note(1, { round: 1 }),
    note(2, { round: 2 }),
    note(3, { round: 2, flaggedBy: 'det-1', flaggerKind: 'detector' }),
    note(4, { round: 2, flaggedBy: 'lena', flaggerKind: 'staff' }),
    note(5, { round: 2, flaggedBy: 'of-an-earlier-release', flaggerKind: undefined }),
  ]);
  expect(replayed).toEqual(once);
  const rows = Object.values(once.at(-1)!.rows);
  expect(rows.map(({ account_id, round }) => [account_id, round])).toEqual([
    ['acc-7', 1],
    ['acc-7', 2],
  ]);
});

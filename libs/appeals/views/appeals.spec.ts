import { expect, it } from '@jest/globals';
import { recordedOf, replay } from '../../../test/support/fold-view.js';
import {
  AppealClaimed,
  AppealDenied,
  AppealFiled,
  AppealGranted,
  AppealHandedOver,
  AppealLapsed,
  AppealOverdue,
  AppealReleased,
} from '../events.js';
import { appealsView } from './appeals.js';

const history = [
  recordedOf(1, AppealFiled),
  recordedOf(2, AppealClaimed),
  recordedOf(3, AppealReleased),
  recordedOf(4, AppealDenied),
  recordedOf(5, AppealFiled, { number: 2, hasNewEvidence: true }),
  recordedOf(6, AppealGranted, { number: 2, reviewer: 'rev-3' }),
];

it('has the last appeal against each enforcement, and counts every outcome', () => {
  const { once, replayed } = replay(appealsView, history);
  expect(replayed).toEqual(once);
  expect(once.map(({ rows }) => [rows['img-1']!.status, rows['img-1']!.claimed_by])).toEqual([
    ['open', null],
    ['open', 'rev-2'],
    ['open', null],
    ['denied', null],
    ['open', null],
    ['granted', null],
  ]);
  expect(once.at(4)!.counters).toEqual({ all: { granted: 0, partly_granted: 0, denied: 1 } });
  expect(once.at(-1)!.counters).toEqual({ all: { granted: 1, partly_granted: 0, denied: 1 } });
  expect(once.at(-1)!.rows['img-1']).toMatchObject({ number: 2, decided_by: 'rev-3', has_new_evidence: true });
});

it('has when it was said that the last appeal is overdue', () => {
  const { once } = replay(appealsView, [
    recordedOf(1, AppealFiled),
    recordedOf(2, AppealOverdue),
    recordedOf(3, AppealDenied),
    recordedOf(4, AppealFiled, { number: 2, hasNewEvidence: true }),
  ]);
  expect(once.map(({ rows }) => rows['img-1']!.overdue_at !== null)).toEqual([false, true, true, false]);
});

it('has when somebody first claimed the last appeal, whatever is claimed after that', () => {
  const { once } = replay(appealsView, [
    recordedOf(1, AppealFiled),
    recordedOf(2, AppealClaimed),
    recordedOf(3, AppealReleased),
    recordedOf(4, AppealClaimed, { token: 2 }),
    recordedOf(5, AppealDenied),
    recordedOf(6, AppealFiled, { number: 2, hasNewEvidence: true }),
  ]);
  const claimed = once.map(({ rows }) => rows['img-1']!.first_claimed_at);
  const [, first] = claimed;
  expect(first).toEqual(expect.any(Number));
  expect(claimed).toEqual([null, first, first, first, first, null]);
});

it('has an appeal that lapsed as over and as undecided', () => {
  const { once, replayed } = replay(appealsView, [
    recordedOf(1, AppealFiled),
    recordedOf(2, AppealClaimed),
    recordedOf(3, AppealLapsed),
    recordedOf(4, AppealFiled, { number: 2, since: 3 }),
  ]);
  expect(replayed).toEqual(once);
  expect(once.map(({ rows }) => rows['img-1']!.status)).toEqual(['open', 'open', 'lapsed', 'open']);
  expect(once[2]!.rows['img-1']).toMatchObject({ claimed_by: null, decided_by: null, decided_at: expect.any(Number) });
  expect(once[2]!.counters).toEqual({ all: { granted: 0, partly_granted: 0, denied: 0 } });
});

it('has for whom it is kept, until somebody claims it', () => {
  const { once, replayed } = replay(appealsView, [
    recordedOf(1, AppealFiled),
    recordedOf(2, AppealClaimed),
    recordedOf(3, AppealHandedOver),
    recordedOf(4, AppealClaimed, { token: 2 }),
  ]);
  expect(replayed).toEqual(once);
  expect(once.map(({ rows }) => [rows['img-1']!.claimed_by, rows['img-1']!.reserved_for])).toEqual([
    [null, null],
    ['rev-2', null],
    [null, 'rev-2'],
    ['rev-2', null],
  ]);
});

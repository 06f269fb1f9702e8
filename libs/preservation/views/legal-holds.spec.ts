import { describe, expect, it } from '@jest/globals';
import { foldView, recordedOf } from '../../../test/support/fold-view.js';
import { foldRecorded } from '../../kernel/decider.js';
import { hashOf } from '../../kernel/ids.js';
import { ReviewAmended, ReviewConfirmed, ReviewOverturned, ReviewUpheld } from '../../review/index.js';
import { AuthorityInformed, LegalHoldLifted, LegalHoldPlaced } from '../events.js';
import { liftHold, placeHoldAgain, preservationStream } from '../preservation.js';
import { legalHoldsView } from './legal-holds.js';

const KEY = hashOf('acc-1', 'case', 'img-1');
const placed = recordedOf(1, LegalHoldPlaced);
const lifted = recordedOf(2, LegalHoldLifted);
const informed = recordedOf(3, AuthorityInformed);
const rowOf = (...events: Parameters<typeof foldView>[1]) => foldView(legalHoldsView, events).rows[KEY];

it('has a report due from a violation of the highest severity until one is recorded, whether the hold is lifted or not', () => {
  expect(rowOf(placed)).toMatchObject({ clause: 'minors', is_report_due: true, lifted_at: null });
  expect(rowOf(placed, lifted)).toMatchObject({ is_report_due: true, lifted_at: expect.any(Number) });
  expect(rowOf(placed, lifted, informed)).toMatchObject({ is_report_due: false, authority: 'NCMEC' });
});

it('has none due for a hold that somebody placed', () => {
  const byHand = recordedOf(1, LegalHoldPlaced);
  const { caseId: _, clause: __, ...data } = byHand.data;
  const row = foldView(legalHoldsView, [{ ...byHand, data }]).rows[hashOf('acc-1', 'hold', data.holdId)];
  expect(row).toMatchObject({ is_report_due: false, case_id: null });
});

it('keeps the first report, also if it came before the hold', () => {
  const later = recordedOf(4, AuthorityInformed, { authority: 'BKA', sentAt: '2022-05-20T12:00:00.000Z' });
  expect(rowOf(placed, informed, later)).toMatchObject({ authority: 'NCMEC' });
  const early = recordedOf(1, AuthorityInformed);
  const after = recordedOf(2, LegalHoldPlaced);
  expect(rowOf(early)).toMatchObject({ placed_at: null });
  expect(rowOf(early, after)).toMatchObject({ is_report_due: false, placed_at: expect.any(Number) });
});

it('is the same when events are read again', () => {
  expect(rowOf(placed, lifted, informed, placed, lifted)).toEqual(rowOf(placed, lifted, informed));
});

it('has no report due of a case that is overturned or violates a lesser clause, until it is confirmed again', () => {
  for (const definition of [ReviewOverturned, ReviewAmended] as const) {
    const ended = recordedOf<typeof ReviewOverturned | typeof ReviewAmended>(2, definition);
    expect(rowOf(placed, ended)).toMatchObject({ is_report_due: false, lifted_at: null });
    const again = recordedOf(3, LegalHoldPlaced, { holdId: 'e-2' });
    expect(rowOf(placed, lifted, ended, again)).toMatchObject({ hold_id: 'e-2', is_report_due: true, lifted_at: null });
  }
});

it('is not lifted by what lifted the hold of an earlier confirmation', () => {
  const again = recordedOf(3, LegalHoldPlaced, { holdId: 'e-2' });
  expect(rowOf(placed, again, recordedOf(4, LegalHoldLifted))).toMatchObject({ hold_id: 'e-2', lifted_at: null });
});

it('is lifted once every hold of its case is', () => {
  const stream = preservationStream;
  const again = recordedOf(2, LegalHoldPlaced, { holdId: 'e-2' });
  const lifting = liftHold(foldRecorded(stream, [placed, again]), {
    accountId: 'acc-1',
    holdId: 'e-2',
    reason: 'spec',
  });
  const events = lifting.map(({ data }, n) => recordedOf(n + 3, LegalHoldLifted, data as never));
  expect(rowOf(placed, again, ...events)).toMatchObject({ hold_id: 'e-2', lifted_at: expect.any(Number) });
  const { holds } = foldRecorded(stream, [placed, again, ...events]);
  expect([...holds.values()].filter(({ lifted }) => !lifted)).toEqual([]);
});

it('has no report due for a hold that is stored only after its confirmation was overturned or amended', () => {
  const confirmed = recordedOf(1, ReviewConfirmed, { accountId: 'acc-1' });
  const late = recordedOf(3, LegalHoldPlaced, { holdId: confirmed.id });
  expect(rowOf(confirmed, late)).toMatchObject({ is_report_due: true });
  for (const definition of [ReviewOverturned, ReviewAmended] as const) {
    const ended = recordedOf<typeof ReviewOverturned | typeof ReviewAmended>(2, definition);
    expect(rowOf(confirmed, ended, late)).toMatchObject({ placed_at: expect.any(Number), is_report_due: false });
    const next = recordedOf(4, ReviewConfirmed, { accountId: 'acc-1', round: 2 });
    const again = recordedOf(5, LegalHoldPlaced, { holdId: next.id });
    expect(rowOf(confirmed, ended, late, next, again)).toMatchObject({ is_report_due: true });
  }
  const amended = recordedOf(2, ReviewAmended);
  const ofAmendment = recordedOf(4, LegalHoldPlaced, { holdId: amended.id });
  expect(rowOf(confirmed, amended, late, ofAmendment)).toMatchObject({ is_report_due: true });
});

describe('a case that is confirmed again', () => {
  const { accountId, caseId, reason } = placed.data;
  const upheld = (position: number, clause: string) => recordedOf(position, ReviewUpheld, { accountId, clause });
  const again = (clause: string | undefined, ...events: Parameters<typeof foldView>[1]) =>
    placeHoldAgain(foldRecorded(preservationStream, events), {
      ...{ accountId, holdId: 'e-2', reason, caseId: caseId! },
      ...(clause !== undefined && { clause }),
    });
  const held = [{ type: 'LegalHoldPlaced', data: expect.objectContaining({ holdId: 'e-2' }) }];

  it('has its report still due if that is by the clause of its hold, which is not placed twice', () => {
    expect(rowOf(placed, upheld(2, 'minors'))).toMatchObject({ is_report_due: true, hold_id: placed.data.holdId });
    expect(rowOf(placed, informed, upheld(4, 'minors'))).toMatchObject({ is_report_due: false });
    expect(again('minors', placed)).toEqual([]);
  });

  it('has none due by another clause, unless a hold follows', () => {
    expect(rowOf(placed, upheld(2, 'spam'))).toMatchObject({ is_report_due: false });
    expect(again('terror', placed)).toEqual(held);
    const terror = recordedOf(3, LegalHoldPlaced, { holdId: upheld(2, 'terror').id, clause: 'terror' });
    expect(rowOf(placed, upheld(2, 'terror'), terror)).toMatchObject({ is_report_due: true, clause: 'terror' });
    // The list shows the last hold, so that the first says nothing of the case any more.
    expect(again('minors', placed, terror)).toEqual(held);
  });

  it('has it due again, and is held again, if it was of a lesser clause meanwhile', () => {
    const amended = recordedOf(2, ReviewAmended, { clause: 'spam' });
    expect(rowOf(placed, amended, upheld(3, 'minors'))).toMatchObject({ is_report_due: true });
    expect(again('minors', placed, lifted)).toEqual(held);
  });

  it('is held again while nobody can tell how severe it is', () => {
    const { clause: _, ...unknown } = placed.data;
    expect(again(undefined, { ...placed, data: unknown })).toEqual(held);
  });

  it('has it due because of the hold of its first confirmation, also if that is placed late', () => {
    const confirmed = recordedOf(1, ReviewConfirmed, { accountId, clause: 'minors' });
    const late = recordedOf(5, LegalHoldPlaced, { holdId: confirmed.id });
    expect(rowOf(confirmed, upheld(3, 'minors'), late)).toMatchObject({ is_report_due: true });
    expect(rowOf(confirmed, upheld(3, 'spam'), late)).toMatchObject({ is_report_due: false });
    const withoutClause = {
      ...upheld(3, ''),
      data: { ...upheld(3, '').data, clause: undefined, categories: ['minors'] },
    };
    expect(rowOf(confirmed, withoutClause as never, late)).toMatchObject({ is_report_due: true });
  });
});

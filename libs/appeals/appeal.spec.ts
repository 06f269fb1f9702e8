import { expect, it } from '@jest/globals';
import { fold } from '../kernel/decider.js';
import { type Appeal, appealStream, lapseAppeal, noteOverdue } from './appeal.js';
import { AppealDenied, type AppealEvent, AppealFiled } from './events.js';

const DUE = Date.parse(AppealFiled.example.dueAt);
const metadata = { actor: { kind: 'service', id: 'web-site' } };
const filed = (number: number) =>
  ({ type: 'AppealFiled', data: { ...AppealFiled.example, number }, metadata }) as unknown as AppealEvent;
const denied = { type: 'AppealDenied', data: AppealDenied.example, metadata } as unknown as AppealEvent;
const after = (...events: AppealEvent[]): Appeal => fold(appealStream, events);
const noted = (state: Appeal, now: number) => noteOverdue(state, 'img-1', now);

it('is said to be overdue at its deadline and not before, once', () => {
  const open = after(filed(1));
  expect(noted(open, DUE - 1)).toEqual([]);
  const events = noted(open, DUE);
  expect(events).toMatchObject([{ type: 'AppealOverdue', data: { number: 1, dueAt: AppealFiled.example.dueAt } }]);
  expect(noted(fold(appealStream, events, open), DUE + 1)).toEqual([]);
});

it('is not overdue once it is decided, and a second appeal has a deadline of its own', () => {
  expect(noted(after(), DUE)).toEqual([]);
  expect(noted(after(filed(1), denied), DUE)).toEqual([]);
  const first = after(filed(1));
  const second = fold(appealStream, [denied, filed(2)], fold(appealStream, noted(first, DUE), first));
  expect(noted(second, DUE)).toMatchObject([{ data: { number: 2 } }]);
});

it('lapses while it is open if what it is against was undone, once', () => {
  const open = after(filed(1));
  expect(lapseAppeal(open, 'img-1', 1)).toEqual([]);
  for (const since of [undefined, 3]) {
    const events = lapseAppeal(open, 'img-1', since);
    expect(events).toMatchObject([{ type: 'AppealLapsed', data: { number: 1, caseId: 'img-1', order: 1 } }]);
    const lapsed = fold(appealStream, events, open);
    expect(lapsed).toMatchObject({ status: 'lapsed' });
    expect(lapseAppeal(lapsed, 'img-1', since)).toEqual([]);
    expect(noted(lapsed, DUE)).toEqual([]);
  }
});

it('does not lapse once it is decided, nor if no case is behind it', () => {
  expect(lapseAppeal(after(filed(1), denied), 'img-1', undefined)).toEqual([]);
  const { caseId: _, since: __, ...data } = AppealFiled.example;
  expect(lapseAppeal(after({ type: 'AppealFiled', data, metadata } as never), 'e-1', undefined)).toEqual([]);
  // Of an earlier release, of which nothing says which confirmation it is against.
  expect(
    lapseAppeal(after({ type: 'AppealFiled', data: { ...data, caseId: 'img-1' }, metadata } as never), 'img-1', 3),
  ).toEqual([]);
});

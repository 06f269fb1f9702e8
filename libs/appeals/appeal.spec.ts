import { expect, it } from '@jest/globals';
import { fold } from '../kernel/decider.js';
import { type Appeal, appealStream, noteOverdue } from './appeal.js';
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

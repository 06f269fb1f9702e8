import { expect, it } from '@jest/globals';
import { fold } from '../kernel/decider.js';
import { grantSevereViewing, revokeSevereViewing, severeViewersStream } from './severe-viewers.js';

const lena = { person: 'lena', reason: 'trained for it' };
const at = { time: '2022-05-18T09:00:00.000Z', actor: { kind: 'user' as const, id: 'ada' } };
const granted = { type: 'SevereViewerGranted' as const, data: lena, metadata: at };
const revoked = { type: 'SevereViewerRevoked' as const, data: lena };
const given = (...events: (typeof granted | typeof revoked)[]) => fold(severeViewersStream, events);

it('grants and revokes, and remembers who granted it, when and why', () => {
  expect(grantSevereViewing(given(), lena)).toEqual([{ type: 'SevereViewerGranted', data: lena }]);
  expect([...given(granted).values()]).toEqual([{ ...lena, by: 'ada', since: at.time }]);
  expect(revokeSevereViewing(given(granted), lena)).toEqual([{ type: 'SevereViewerRevoked', data: lena }]);
  expect(given(granted, revoked).size).toBe(0);
  expect(grantSevereViewing(given(granted, revoked), lena)).toHaveLength(1);
});

it('is a no-op for what is so, also with another reason', () => {
  expect(grantSevereViewing(given(granted), { ...lena, reason: 'another' })).toEqual([]);
  expect(revokeSevereViewing(given(), lena)).toEqual([]);
  expect(revokeSevereViewing(given(granted), { ...lena, person: 'rita' })).toEqual([]);
});

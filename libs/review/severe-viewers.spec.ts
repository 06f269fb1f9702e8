import { describe, expect, it } from '@jest/globals';
import { fold } from '../kernel/decider.js';
import {
  changedAtOf,
  changedBefore,
  grantSevereViewing,
  revokeSevereViewing,
  setSevereSkill,
  severeViewersStream,
} from './severe-viewers.js';

const lena = { person: 'lena', reason: 'trained for it' };
const at = { time: '2022-05-18T09:00:00.000Z', actor: { kind: 'user' as const, id: 'ada' } };
const granted = { type: 'SevereViewerGranted' as const, data: lena, metadata: at, position: 7 };
const revoked = { type: 'SevereViewerRevoked' as const, data: lena };
const given = (...events: (typeof granted | typeof revoked)[]) => fold(severeViewersStream, events);

it('grants and revokes, and remembers who granted it, when and why', () => {
  expect(grantSevereViewing(given(), lena)).toEqual([{ type: 'SevereViewerGranted', data: lena }]);
  expect([...given(granted).viewers.values()]).toEqual([{ ...lena, by: 'ada', since: at.time }]);
  expect([changedAtOf(given(granted), 'lena'), changedAtOf(given(), 'lena')]).toEqual([7, 0]);
  expect(revokeSevereViewing(given(granted), lena)).toEqual([{ type: 'SevereViewerRevoked', data: lena }]);
  expect(given(granted, revoked).viewers.size).toBe(0);
  expect(grantSevereViewing(given(granted, revoked), lena)).toHaveLength(1);
});

it('is a no-op for what is so, also with another reason', () => {
  expect(grantSevereViewing(given(granted), { ...lena, reason: 'another' })).toEqual([]);
  expect(revokeSevereViewing(given(granted, revoked), { ...lena, reason: 'another' })).toEqual([]);
});

it('refuses to revoke what somebody never had', () => {
  const unknown = expect.objectContaining({ code: 'severe-viewer-unknown' });
  expect(() => revokeSevereViewing(given(), lena)).toThrow(unknown);
  expect(() => revokeSevereViewing(given(granted), { ...lena, person: 'rita' })).toThrow(unknown);
});

it('knows what was before the last change, for who may be repeating that', () => {
  const state = given(granted, {
    ...revoked,
    metadata: { ...at, actor: { kind: 'user', id: 'bob' } },
    position: 9,
  } as never);
  expect(changedAtOf(state, 'lena')).toBe(9);
  expect(changedBefore(state, lena, 'bob')).toBe(7);
  expect(changedBefore(state, lena, 'ada')).toBe(9);
  expect(changedBefore(state, { ...lena, reason: 'another' }, 'bob')).toBe(9);
  expect(changedBefore(given(granted), lena, 'ada')).toBe(0);
  expect(changedBefore(given(), lena, 'ada')).toBe(0);
});

describe('the skill among all skills of a reviewer', () => {
  const wanted = (isWanted: boolean, mayGrant = true) => ({ isWanted, mayGrant });

  it('is granted and revoked by administrators', () => {
    expect(setSevereSkill(given(), lena, wanted(true))).toEqual([{ type: 'SevereViewerGranted', data: lena }]);
    expect(setSevereSkill(given(granted), lena, wanted(false))).toEqual([{ type: 'SevereViewerRevoked', data: lena }]);
  });

  it('is changed by nobody else', () => {
    const refused = expect.objectContaining({ code: 'skill-reserved' });
    expect(() => setSevereSkill(given(), lena, wanted(true, false))).toThrow(refused);
    expect(() => setSevereSkill(given(granted), lena, wanted(false, false))).toThrow(refused);
  });

  it('stays as it is for all', () => {
    for (const mayGrant of [true, false]) {
      expect(setSevereSkill(given(granted), lena, wanted(true, mayGrant))).toEqual([]);
      expect(setSevereSkill(given(), lena, wanted(false, mayGrant))).toEqual([]);
    }
  });
});

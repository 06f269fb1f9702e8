import { describe, expect, it } from '@jest/globals';
import { completeRotation, requestRotation, rootKeyStream } from './root-key.js';
import type { RootKeyEvent } from './root-key-events.js';

const requested: RootKeyEvent = {
  type: 'RootKeyRotationRequested',
  data: { rotationId: 'rotation-1', reason: 'yearly' },
};
const done: RootKeyEvent = {
  type: 'RootKeyRotated',
  data: { rotationId: 'rotation-1', keeper: 'file', keyEpoch: 2, processes: 1 },
};
const after = (...events: RootKeyEvent[]) =>
  events.reduce((state, event) => rootKeyStream.evolve(state, event, {} as never), rootKeyStream.initial);

describe('a rotation of the root key', () => {
  it('is requested, and complete once it was carried out', () => {
    expect(requestRotation(after(), requested.data as never)).toEqual([requested]);
    expect(completeRotation(after(requested), done.data as never)).toEqual([done]);
    expect(requestRotation(after(requested, done), requested.data as never)).toEqual([requested]);
  });

  it('is requested once at a time', () => {
    expect(requestRotation(after(requested), { rotationId: 'rotation-2', reason: 'again' })).toEqual([]);
  });

  it('completes no other one', () => {
    expect(completeRotation(after(), done.data as never)).toEqual([]);
    expect(completeRotation(after(requested), { ...done.data, rotationId: 'rotation-2' } as never)).toEqual([]);
  });
});

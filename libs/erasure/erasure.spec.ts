import { describe, expect, it } from '@jest/globals';
import { fold } from '../kernel/decider.js';
import { cancelErasure, completeErasure, erasureStream, requestErasure, startErasure } from './erasure.js';
import type { ErasureEvent } from './events.js';
import { keysStream, noteDestroyed } from './keys.js';

const person = 'acc-1';
const reason = 'the person asked for it';
const dueAt = '2022-05-21T09:00:00.000Z';
const due = Date.parse(dueAt);
const requested: ErasureEvent = { type: 'ErasureRequested', data: { person, reason, dueAt } };
const cancelled: ErasureEvent = { type: 'ErasureCancelled', data: { person, reason } };
const started: ErasureEvent = { type: 'ErasureStarted', data: { person } };
const done = { person, keyEpoch: 2, processes: 1, backupsExpireAt: '2022-06-20T09:00:00.000Z' };
const erased: ErasureEvent = { type: 'PersonalDataErased', data: done };
const given = (...events: ErasureEvent[]) =>
  fold(
    erasureStream,
    events.map((event) => ({ ...event, metadata: { time: '2022-05-18T09:00:00.000Z' } })),
  );

describe('an erasure', () => {
  it('is requested once, and again after it was cancelled', () => {
    expect(requestErasure(given(), requested.data as never)).toEqual([requested]);
    expect(requestErasure(given(requested, cancelled), requested.data as never)).toEqual([requested]);
    for (const state of [given(requested), given(requested, started), given(requested, started, erased)])
      expect(requestErasure(state, requested.data as never)).toEqual([]);
  });

  it('is cancelled until it is started', () => {
    expect(cancelErasure(given(requested), true, person, reason)).toEqual([cancelled]);
    expect(cancelErasure(given(requested, cancelled), true, person, reason)).toEqual([]);
    const refused = (code: string) => expect.objectContaining({ code });
    for (const state of [given(requested, started), given(requested, started, erased)])
      expect(() => cancelErasure(state, true, person, reason)).toThrow(refused('erasure-started'));
    expect(() => cancelErasure(given(), false, person, reason)).toThrow(refused('erasure-unknown'));
  });

  it('is started when it is due, and not before or twice', () => {
    expect(startErasure(given(requested), person, due - 1)).toEqual([]);
    expect(startErasure(given(requested), person, due)).toEqual([started]);
    for (const state of [given(), given(requested, cancelled), given(requested, started)])
      expect(startErasure(state, person, due)).toEqual([]);
  });

  it('is completed once', () => {
    expect(completeErasure(given(requested, started), done)).toEqual([erased]);
    for (const state of [given(requested), given(requested, started, erased)])
      expect(completeErasure(state, done)).toEqual([]);
  });
});

describe('a destruction of keys', () => {
  const noted = { keyEpoch: 2, people: ['acc-1', 'acc-2'] };
  const after = fold(keysStream, [{ type: 'KeysDestroyed', data: noted, metadata: { time: dueAt } }]);

  it('is noted once for each epoch and people', () => {
    expect(noteDestroyed({}, noted)).toEqual([{ type: 'KeysDestroyed', data: noted }]);
    expect(noteDestroyed(after, { keyEpoch: 2, people: ['acc-2'] })).toEqual([]);
    for (const other of [
      { keyEpoch: 3, people: ['acc-1'] },
      { keyEpoch: 2, people: ['acc-3'] },
      { keyEpoch: 2, people: [], dataClass: 'prompts', through: '202205' },
    ])
      expect(noteDestroyed(after, other)).toHaveLength(1);
  });

  it('is noted with the newest epoch, whichever of two processes notes it last', () => {
    const older = { keyEpoch: 1, people: ['acc-3'] };
    expect(noteDestroyed(after, older)).toEqual([{ type: 'KeysDestroyed', data: { ...older, keyEpoch: 2 } }]);
  });
});

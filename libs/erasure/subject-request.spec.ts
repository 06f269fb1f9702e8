import { describe, expect, it } from '@jest/globals';
import { fold } from '../kernel/decider.js';
import { type RequestEvent, SubjectRequestClosed, SubjectRequestReceived } from './request-events.js';
import { closeRequest, receiveRequest, requestStream } from './subject-request.js';

const request = SubjectRequestReceived.example;
const closing = SubjectRequestClosed.example;
const received: RequestEvent = { type: 'SubjectRequestReceived', data: request };
const closed: RequestEvent = { type: 'SubjectRequestClosed', data: closing };
const given = (...events: RequestEvent[]) =>
  fold(
    requestStream,
    events.map((event) => ({ ...event, metadata: { time: request.receivedAt } })),
  );
const refusal = (code: string) => expect.objectContaining({ code });

describe('a request of a person', () => {
  it('is recorded once, whatever its due time would be by now', () => {
    expect(receiveRequest(given(), request)).toEqual([received]);
    expect(receiveRequest(given(received), { ...request, dueAt: '2022-07-01T00:00:00.000Z' })).toEqual([]);
    for (const other of [{ person: 'acc-2' }, { kind: 'erasure' as const }, { receivedAt: '2022-05-01T00:00:00.000Z' }])
      expect(() => receiveRequest(given(received), { ...request, ...other })).toThrow(refusal('request-differs'));
  });

  it('is closed once, with one outcome', () => {
    expect(closeRequest(given(received), closing)).toEqual([closed]);
    expect(closeRequest(given(received, closed), { ...closing, reason: 'sent again' })).toEqual([]);
    expect(() => closeRequest(given(), closing)).toThrow(refusal('request-unknown'));
    expect(() => closeRequest(given(received, closed), { ...closing, outcome: 'refused' })).toThrow(
      refusal('request-closed'),
    );
  });
});

import { describe, expect, it } from '@jest/globals';
import { formatTraceparent, newTrace, nextSpan, parseTraceparent, parseTracestate } from './trace-context.js';

const HEADER = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

describe('trace context', () => {
  it('parses a traceparent and formats it unchanged', () => {
    const trace = parseTraceparent(HEADER)!;
    expect(trace).toEqual({ traceId: '4bf92f3577b34da6a3ce929d0e0e4736', parentId: '00f067aa0ba902b7', sampled: true });
    expect(formatTraceparent(trace)).toBe(HEADER);
  });

  it('accepts fields that a later version appended', () => {
    expect(parseTraceparent(`${HEADER.replace('00-', '01-')}-later`)?.traceId).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
  });

  it.each([
    undefined,
    '',
    HEADER.toUpperCase(),
    HEADER.replace('00-', 'ff-'),
    `${HEADER}-more`,
    '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
    '00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01',
  ])('ignores %p', (header) => {
    expect(parseTraceparent(header)).toBeUndefined();
  });

  it('says that a trace is recorded only if the caller does', () => {
    expect(formatTraceparent(newTrace())).toMatch(/-00$/);
    for (const flags of ['00', '01']) {
      const trace = parseTraceparent(HEADER.replace(/01$/, flags))!;
      expect(formatTraceparent(nextSpan(trace)).slice(-2)).toBe(flags);
    }
  });

  it.each([
    ['rojo=00f067aa0ba902b7,congo=t61rcWkgMzE', 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE'],
    ['a=1 , b@c/d=x y', 'a=1,b@c/d=x y'],
    ['a=1,,b=2', 'a=1,b=2'],
    [undefined, undefined],
    ['', undefined],
    ['a', undefined],
    ['A=1', undefined],
    ['a=1,a=2', undefined],
    ['a=é', undefined],
    ['a=b=c', undefined],
    [`a=${'x'.repeat(257)}`, undefined],
    [Array.from({ length: 33 }, (_, n) => `k${n}=1`).join(','), undefined],
    [Array.from({ length: 30 }, (_, n) => `k${n}=${'x'.repeat(20)}`).join(','), undefined],
  ])('of the tracestate %s keeps %s', (header, kept) => {
    expect(parseTracestate(header)).toBe(kept);
  });

  it('draws each id once, however many are drawn', () => {
    const ids = Array.from({ length: 2_000 }, () => newTrace()).flatMap(({ traceId, parentId }) => [traceId, parentId]);
    expect(new Set(ids).size).toBe(4_000);
    expect(ids.every((id) => /^([0-9a-f]{16}){1,2}$/.test(id))).toBe(true);
  });

  it('starts distinct traces and keeps the trace id from span to span', () => {
    const trace = newTrace();
    expect(parseTraceparent(formatTraceparent(trace))).toEqual(trace);
    expect(newTrace().traceId).not.toBe(trace.traceId);
    const step = nextSpan(trace);
    expect(step.traceId).toBe(trace.traceId);
    expect(step.parentId).not.toBe(trace.parentId);
  });
});

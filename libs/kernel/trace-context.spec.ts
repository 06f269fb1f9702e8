import { describe, expect, it } from '@jest/globals';
import { formatTraceparent, newTrace, nextSpan, parseTraceparent } from './trace-context.js';

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

  it('starts distinct traces and keeps the trace id from span to span', () => {
    const trace = newTrace();
    expect(parseTraceparent(formatTraceparent(trace))).toEqual(trace);
    expect(newTrace().traceId).not.toBe(trace.traceId);
    const step = nextSpan(trace);
    expect(step.traceId).toBe(trace.traceId);
    expect(step.parentId).not.toBe(trace.parentId);
  });
});

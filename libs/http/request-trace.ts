import type { IncomingMessage } from 'node:http';
import { formatTraceparent, newTrace, nextSpan, parseTraceparent, parseTracestate } from '../kernel/trace-context.js';

/** Names the trace of an answer, so that a caller who sent none can name it: W3C Trace Context, level 3. */
export const TRACE_HEADER = 'traceresponse';

export interface RequestTrace {
  traceId: string;
  traceparent: string;
  /** Whether the caller named the trace. */
  isContinued: boolean;
}

const TRACE = Symbol('trace');

/** The trace that a request continues, or that starts with it; the same at each call. */
export function requestTrace(request: IncomingMessage & { [TRACE]?: RequestTrace }): RequestTrace {
  request[TRACE] ??= makeTrace(request);
  return request[TRACE];
}

/** What other tracing systems added to the trace that a request continues. Parsed only for a request that stores it. */
export const requestTracestate = (request: IncomingMessage): string | undefined =>
  requestTrace(request).isContinued ? parseTracestate(request.headers.tracestate as string | undefined) : undefined;

function makeTrace({ headers }: IncomingMessage): RequestTrace {
  const incoming = parseTraceparent(headers.traceparent as string | undefined);
  const trace = incoming ? nextSpan(incoming) : newTrace();
  return { traceId: trace.traceId, traceparent: formatTraceparent(trace), isContinued: incoming !== undefined };
}

import type { IncomingMessage } from 'node:http';
import { formatTraceparent, newTrace, nextSpan, parseTraceparent, parseTracestate } from '../kernel/trace-context.js';

/** Names the trace of an answer, so that a caller who sent none can name it: W3C Trace Context, level 3. */
export const TRACE_HEADER = 'traceresponse';

export interface RequestTrace {
  traceId: string;
  traceparent: string;
  tracestate?: string;
}

const TRACE = Symbol('trace');

/** The trace that a request continues, or that starts with it; the same at each call. */
export function requestTrace(request: IncomingMessage & { [TRACE]?: RequestTrace }): RequestTrace {
  request[TRACE] ??= makeTrace(request);
  return request[TRACE];
}

function makeTrace({ headers }: IncomingMessage): RequestTrace {
  const incoming = parseTraceparent(headers.traceparent as string | undefined);
  const trace = incoming ? nextSpan(incoming) : newTrace();
  const tracestate = incoming && parseTracestate(headers.tracestate as string | undefined);
  return { traceId: trace.traceId, traceparent: formatTraceparent(trace), ...(tracestate && { tracestate }) };
}

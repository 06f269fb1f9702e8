import { randomBytes } from 'node:crypto';

/** W3C Trace Context: identifies a request across systems. */
export interface TraceContext {
  /** 32 hexadecimal digits, not all 0. */
  traceId: string;
  /** 16 hexadecimal digits, not all 0: the caller's span, or ours if we started the trace. */
  parentId: string;
  sampled: boolean;
}

// https://www.w3.org/TR/trace-context/#traceparent-header-field-values
const FIELDS = '(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})';
/** Source of a regular expression, for the form that we store and publish. */
export const TRACEPARENT = `^${FIELDS}$`;
const STORED = new RegExp(TRACEPARENT);
/** Later versions of a header may append fields. */
const HEADER = new RegExp(`^${FIELDS}(-.*)?$`);
const SAMPLED = 0x01;

/** @returns undefined for a header that the standard says to ignore */
export function parseTraceparent(header: string | undefined): TraceContext | undefined {
  const parts = header === undefined ? null : HEADER.exec(header);
  if (!parts || (parts[1] === '00' && parts[5] !== undefined)) return undefined;
  return { traceId: parts[2]!, parentId: parts[3]!, sampled: (Number.parseInt(parts[4]!, 16) & SAMPLED) === SAMPLED };
}

export const isTraceparent = (text: string): boolean => STORED.test(text);

export const formatTraceparent = ({ traceId, parentId, sampled }: TraceContext): string =>
  `00-${traceId}-${parentId}-${sampled ? '01' : '00'}`;

/** Starts a trace. */
export const newTrace = (): TraceContext => ({ traceId: hex(16), parentId: hex(8), sampled: true });

/** Our own span in a trace: the same trace id, a new parent id. */
export const nextSpan = (trace: TraceContext): TraceContext => ({ ...trace, parentId: hex(8) });

/** A random number is all 0 once in 2^64 times; the standard forbids that value. */
function hex(bytes: number): string {
  const text = randomBytes(bytes).toString('hex');
  return /[^0]/.test(text) ? text : hex(bytes);
}

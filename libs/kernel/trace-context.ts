import { randomFillSync } from 'node:crypto';

/** W3C Trace Context: identifies a request across systems. */
export interface TraceContext {
  /** 32 hexadecimal digits, not all 0. */
  traceId: string;
  /** 16 hexadecimal digits, not all 0: the caller's span, or ours if we started the trace. */
  parentId: string;
  /** Whether the caller records the trace; false if we started it, since we record none. */
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
export const newTrace = (): TraceContext => ({ traceId: hex(16), parentId: hex(8), sampled: false });

/** Our own span in a trace: the same trace id, a new parent id. */
export const nextSpan = (trace: TraceContext): TraceContext => ({ ...trace, parentId: hex(8) });

// https://www.w3.org/TR/trace-context/#tracestate-header-field-values
const MEMBER = /^[a-z0-9][_a-z0-9*/@-]{0,255}=[ -+\--<>-~]{0,255}[!-+\--<>-~]$/;
const MAX_MEMBERS = 32;
export const MAX_TRACESTATE = 512;

/**
 * What other tracing systems added to a trace.
 * @returns undefined for a header that the standard says to ignore, and for one that is too long to be stored
 */
export function parseTracestate(header: string | undefined): string | undefined {
  if (header === undefined || header.length > MAX_TRACESTATE) return undefined;
  const members = header
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '');
  const keys = new Set(members.map((member) => member.split('=', 1)[0]));
  const isValid = members.length > 0 && members.length <= MAX_MEMBERS && keys.size === members.length;
  return isValid && members.every((member) => MEMBER.test(member)) ? members.join(',') : undefined;
}

/** Random bytes are drawn in advance: drawing 8 alone takes longer than all else here. */
const POOL_BYTES = 4_096;
const pool = Buffer.alloc(POOL_BYTES);
let used = POOL_BYTES;

/** A random number is all 0 once in 2^64 times; the standard forbids that value. */
function hex(bytes: number): string {
  if (used + bytes > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  const text = pool.toString('hex', used, used + bytes);
  used += bytes;
  return /[^0]/.test(text) ? text : hex(bytes);
}

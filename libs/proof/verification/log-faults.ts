import type { Position } from '../../kernel/envelope.js';

/** What is wrong with the stored log; the first that was found. */
export const LOG_FAULTS = [
  'event-altered',
  'event-missing',
  'event-added',
  'leaf-missing',
  'tile-altered',
  'checkpoint-altered',
  'signature-wrong',
  'head-altered',
  'stream-altered',
] as const;

export interface LogFault {
  kind: (typeof LOG_FAULTS)[number];
  /** Of the first event that is concerned. */
  position?: Position;
  /** One sentence that names what differs. */
  detail: string;
}

/** Thrown inside a verification, which returns the fault. */
export class LogAltered extends Error {
  constructor(readonly fault: LogFault) {
    super(fault.detail);
    this.name = new.target.name;
  }
}

/** @throws LogAltered */
export function altered(kind: LogFault['kind'], detail: string, position?: Position): never {
  throw new LogAltered({ kind, detail, ...(position !== undefined && { position }) });
}

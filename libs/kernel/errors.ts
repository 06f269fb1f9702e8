/**
 * What an error means for the caller; each protocol translates it (HTTP in libs/http/problem.ts).
 * The caller can correct every kind except `unavailable` and `failed`.
 */
export type ErrorKind = 'invalid-input' | 'refused' | 'not-found' | 'too-large' | 'gone' | 'unavailable' | 'failed';

/** An error that a client can act on; shown as an RFC 9457 problem with `code` as the last part of its type. */
export class GatehouseError extends Error {
  constructor(
    /** Kebab-case, stable: clients may match on it. */
    readonly code: string,
    /** What was wrong, with which value, and what to do. */
    message: string,
    readonly kind: ErrorKind,
    /** Further members of the problem document. */
    readonly details: Record<string, unknown> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** A business rule refused the command. The code names the rule. */
export class Refusal extends GatehouseError {
  constructor(code: string, message: string, details: Record<string, unknown> = {}) {
    super(code, message, 'refused', details);
  }
}

export class NotFound extends GatehouseError {
  constructor(code: string, message: string) {
    super(code, message, 'not-found');
  }
}

/** The position is not in this log: its epoch has ended, or nothing has been stored there. */
export class PositionGone extends GatehouseError {
  constructor(given: string, epoch: string) {
    super(
      'position-gone',
      `position ${given} is not in this log, whose epoch is ${epoch}: the log was restored from a backup, or is another one. Discard what you derived from positions after the backup, then read again from after=0 or from a position of this epoch`,
      'gone',
      { epoch },
    );
  }
}

export interface InvalidField {
  /** JSON Pointer of the field, or its name if it is not in a JSON body. */
  field: string;
  message: string;
}

/** The input is invalid; lists every invalid field at once. */
export class InvalidInput extends GatehouseError {
  constructor(
    readonly errors: InvalidField[],
    message = errors.map((e) => `${e.field} ${e.message}`.trimStart()).join('; '),
  ) {
    super('invalid-input', message, 'invalid-input', { errors });
  }
}

/** A dependency does not answer; the same request may succeed later. */
export class Unavailable extends GatehouseError {
  constructor(code: string, message: string) {
    super(code, message, 'unavailable');
  }
}

/** The store is unreachable or did not answer in time. An append may have happened: retry it unchanged. */
export class StoreUnavailable extends Error {}

/** A consumer or a view has not reached a position that the decision depends on. Nothing was stored: retry the same. */
export class NotCaughtUp extends StoreUnavailable {
  /** @param what named as in `gatehouse status` */
  constructor(what: string, position: number, waitedMs: number) {
    super(
      `${what} has not reached position ${position}, on which this depends, within ${waitedMs} ms: ` +
        'retry in a moment; if that lasts, check that a projector and a reactor are running',
    );
  }
}

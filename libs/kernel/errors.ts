/** An error that a client can act on; shown as an RFC 9457 problem with `code` as the last part of its type. */
export class GatehouseError extends Error {
  constructor(
    /** Kebab-case, stable: clients may match on it. */
    readonly code: string,
    /** What was wrong, with which value, and what to do. */
    message: string,
    /** The HTTP status that says the same. */
    readonly status: number,
    /** Further members of the problem document. */
    readonly details: Record<string, unknown> = {},
  ) {
    super(message);
    this.name = new.target.name;
  }
}

/** A business rule said no. The code names the rule. */
export class Refusal extends GatehouseError {
  constructor(code: string, message: string, details: Record<string, unknown> = {}) {
    super(code, message, 409, details);
  }
}

export class NotFound extends GatehouseError {
  constructor(code: string, message: string) {
    super(code, message, 404);
  }
}

export interface InvalidField {
  /** JSON Pointer of the field, or its name where it is not in a JSON body. */
  field: string;
  message: string;
}

/** Input that does not have the required form; every wrong field is named at once. */
export class InvalidInput extends GatehouseError {
  constructor(
    readonly errors: InvalidField[],
    message = errors.map((e) => `${e.field} ${e.message}`).join('; '),
  ) {
    super('invalid-input', message, 400, { errors });
  }
}

/** A dependency does not answer; the same request may work later. */
export class Unavailable extends GatehouseError {
  constructor(code: string, message: string) {
    super(code, message, 503);
  }
}

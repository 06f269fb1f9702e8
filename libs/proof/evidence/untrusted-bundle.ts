import { GatehouseError } from '../../kernel/errors.js';

/** The bundle proves nothing: it is malformed, or a part of it is not what was signed. */
export class UntrustedBundle extends GatehouseError {
  constructor(line: number, reason: string) {
    super('bundle-untrusted', `line ${line} ${reason}`, 'failed', { line });
  }
}

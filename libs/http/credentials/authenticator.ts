import type { GatehouseError } from '../../kernel/errors.js';
import { Unauthenticated } from './credentials.js';
import type { FailedAttempts } from './failed-attempts.js';
import type { JwtVerifier } from './jwt-verifier.js';
import type { Principal } from './principal.js';
import type { TokenRegistry } from './token-registry.js';

/** The origin of a request; `ip` may be a getter, which is read only if needed. */
interface Caller {
  readonly ip: string;
}

/** Finds the principal of a bearer credential: one of our tokens or, if an issuer is configured, its JWT. */
export class Authenticator {
  constructor(
    private readonly tokens: TokenRegistry,
    private readonly jwts: JwtVerifier | undefined,
    private readonly failed: FailedAttempts,
  ) {}

  /**
   * @param caller an unknown token is not looked up if its address sent too many wrong ones
   * @throws TooManyRequests
   */
  async authenticate(credential: string, caller: Caller): Promise<Principal | undefined> {
    if (!credential.startsWith('ght_')) return this.jwts?.authenticate(credential);
    if (this.failed.any && !this.tokens.hasSeen(credential)) this.failed.check(caller.ip);
    return this.tokens.authenticate(credential);
  }

  /** The credential's principal if cached; undefined does not mean invalid. */
  recent(credential: string): Principal | undefined {
    return this.tokens.recent(credential);
  }

  /** The error for a caller with an invalid credential. */
  refusal({ ip }: Caller): GatehouseError {
    this.failed.note(ip);
    try {
      this.failed.check(ip);
    } catch (tooMany) {
      return tooMany as GatehouseError;
    }
    return new Unauthenticated('the credential is unknown, revoked or expired: ask an administrator for a new one');
  }
}

import type { GatehouseError } from '../../kernel/errors.js';
import { Unauthenticated } from './credentials.js';
import type { FailedAttempts } from './failed-attempts.js';
import type { JwtVerifier } from './jwt-verifier.js';
import type { Principal } from './principal.js';
import type { TokenRegistry } from './token-registry.js';

/** Where a request comes from; asked for only where it matters. */
interface Caller {
  readonly ip: string;
}

/** Tells whose a bearer credential is: a token of ours or, with an issuer configured, its JWT. */
export class Authenticator {
  constructor(
    private readonly tokens: TokenRegistry,
    private readonly jwts: JwtVerifier | undefined,
    private readonly failed: FailedAttempts,
  ) {}

  /**
   * @param caller from an address that sent too many wrong ones, a token that was never seen here is not looked up
   * @throws TooManyRequests
   */
  async authenticate(credential: string, caller: Caller): Promise<Principal | undefined> {
    if (!credential.startsWith('ght_')) return this.jwts?.authenticate(credential);
    if (this.failed.any && !this.tokens.hasSeen(credential)) this.failed.check(caller.ip);
    return this.tokens.authenticate(credential);
  }

  /** Whose credential it is, where that is known without waiting; undefined tells nothing. */
  recent(credential: string): Principal | undefined {
    return this.tokens.recent(credential);
  }

  /** What a caller whose credential is not in force is answered. */
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

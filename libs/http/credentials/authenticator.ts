import type { JwtVerifier } from './jwt-verifier.js';
import type { Principal } from './principal.js';
import type { TokenRegistry } from './token-registry.js';

/** Finds the principal of a bearer credential: one of our tokens or, if an issuer is configured, its JWT. */
export class Authenticator {
  constructor(
    private readonly tokens: TokenRegistry,
    private readonly jwts: JwtVerifier | undefined,
  ) {}

  /** Undefined if the credential is unknown, revoked or expired. */
  async authenticate(credential: string): Promise<Principal | undefined> {
    return credential.startsWith('ght_') ? this.tokens.authenticate(credential) : this.jwts?.authenticate(credential);
  }

  /** The credential's principal if cached; undefined does not mean invalid. */
  recent(credential: string): Principal | undefined {
    return this.tokens.recent(credential);
  }
}

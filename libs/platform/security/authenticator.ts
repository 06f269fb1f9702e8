import type { JwtVerifier } from './jwt-verifier.js';
import type { Principal } from './principal.js';
import type { TokenRegistry } from './token-registry.js';

/** Tells whose a bearer credential is: a token of ours or, with an issuer configured, its JWT. */
export class Authenticator {
  constructor(
    private readonly tokens: TokenRegistry,
    private readonly jwts: JwtVerifier | undefined,
  ) {}

  async authenticate(credential: string): Promise<Principal | undefined> {
    return credential.startsWith('ght_') ? this.tokens.authenticate(credential) : this.jwts?.authenticate(credential);
  }
}

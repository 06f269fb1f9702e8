import {
  createRemoteJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose';
import type { Clock } from '../../kernel/clock.js';
import { Unavailable } from '../../kernel/errors.js';
import { isRole, type Principal, type Role } from './principal.js';

export interface JwtOptions {
  issuer: string;
  audience: string;
  /** Claim with the roles; a dotted path for nested objects, as in `realm_access.roles`. */
  rolesClaim: string;
}

/** Asymmetric ones only: a discovery document can't publish a shared secret. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const CLOCK_TOLERANCE_S = 30;
const FETCH_TIMEOUT_MS = 5_000;
const ID_CHARACTERS = 200;

/** Errors of the key look-up that the JWT causes, not the issuer. */
const ABOUT_THE_JWT = [errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, errors.JOSENotSupported];

/** Verifies JWTs of an OpenID Connect issuer with the keys from its discovery document. */
export class JwtVerifier {
  private keys: Promise<JWTVerifyGetKey> | undefined;

  constructor(
    private readonly options: JwtOptions,
    private readonly clock: Clock,
  ) {}

  /**
   * @returns the JWT's principal, or undefined if the JWT is invalid
   * @throws Unavailable if the issuer's keys can't be fetched
   */
  async authenticate(jwt: string): Promise<Principal | undefined> {
    const { issuer, audience } = this.options;
    if (!this.canBeValid(jwt)) return undefined;
    try {
      const { payload } = await jwtVerify(jwt, await this.issuerKeys(), {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        requiredClaims: ['exp', 'sub'],
        clockTolerance: CLOCK_TOLERANCE_S,
        currentDate: new Date(this.clock.now()),
      });
      return this.principalOf(payload);
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }

  /** False if no key could verify the credential: then the issuer need not be reachable to refuse it. */
  private canBeValid(jwt: string): boolean {
    try {
      const { alg } = decodeProtectedHeader(jwt);
      return ALGORITHMS.includes(alg as string) && decodeJwt(jwt).iss === this.options.issuer;
    } catch {
      return false; // not of the form of a JWT
    }
  }

  /** The issuer is trusted, but its claims may have any JSON type: the library checks only those that it uses. */
  private principalOf(payload: JWTPayload): Principal | undefined {
    const subject: unknown = payload.sub;
    if (typeof subject !== 'string' || subject === '') return undefined;
    const id = `oidc:${asIdentifier(subject)}`;
    if (id.length > ID_CHARACTERS) return undefined;
    const claim = this.options.rolesClaim
      .split('.')
      .reduce<unknown>((at, name) => (at as Record<string, unknown> | null | undefined)?.[name], payload);
    const roles = rolesOf(claim);
    return { kind: roles.includes('service') ? 'service' : 'user', id, roles };
  }

  /** Fetched at the first use, and again after a failure. */
  private issuerKeys(): Promise<JWTVerifyGetKey> {
    this.keys ??= this.discover().catch(() => {
      this.keys = undefined;
      throw this.unreachable();
    });
    return this.keys;
  }

  private async discover(): Promise<JWTVerifyGetKey> {
    const url = `${this.options.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS), redirect: 'error' });
    const { jwks_uri, issuer } = (await answer.json()) as { jwks_uri: string; issuer: string };
    if (issuer !== this.options.issuer) throw new Error(`${url} names another issuer, ${issuer}`);
    const keySet = createRemoteJWKSet(new URL(jwks_uri), { timeoutDuration: FETCH_TIMEOUT_MS });
    return (header, token) =>
      keySet(header, token).catch((error) => {
        throw ABOUT_THE_JWT.some((kind) => error instanceof kind) ? error : this.unreachable();
      });
  }

  private unreachable = () =>
    new Unavailable(
      'issuer-unavailable',
      `the keys of the issuer ${this.options.issuer} can't be fetched: use a token, or retry`,
    );
}

/** The known roles of a claim, a list or words in one string; none of a claim of another type. */
function rolesOf(claim: unknown): Role[] {
  const named = typeof claim === 'string' ? claim.split(' ') : claim;
  return Array.isArray(named) ? named.filter(isRole) : [];
}

/** Injective: a character that identifiers forbid becomes `~` and its UTF-16 code in hexadecimal. */
const asIdentifier = (subject: string): string =>
  subject.replace(/[^A-Za-z0-9._:-]/g, (character) => `~${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { type DataSource, IsNull, LessThan, Or, type Repository } from 'typeorm';
import { type Clock, DAY_MS } from '../../kernel/clock.js';
import { NotFound, Refusal, Unavailable } from '../../kernel/errors.js';
import { isTransientDatabaseError } from '../../kernel/transient.js';
import { within } from '../../kernel/wait.js';
import { checkNewToken, type NewToken } from './new-token.js';
import { inOneSpelling } from './person-spelling.js';
import { isRole, type Principal, type Role } from './principal.js';
import { StoredToken } from './stored-token.js';
import { TokenLookUp } from './token-look-up.js';

export interface TokenInfo {
  id: string;
  name: string;
  /** The person it belongs to; null for a token of the service that it names. */
  person: string | null;
  roles: Role[];
  /** The sources and types of the events that it may send; null for all. */
  sources: string[] | null;
  eventTypes: string[] | null;
  /** RFC 3339, like the other times. */
  createdAt: string;
  createdBy: string;
  expiresAt: string | null;
  /** To the minute. */
  lastUsedAt: string | null;
  revokedAt: string | null;
}

export interface CreatedToken {
  token: TokenInfo;
  /** `ght_{id}_{secret}`; shown once, only its hash is stored. */
  secret: string;
}

const FRESH_MS = 5_000;
/** While the database is unreachable no token can be revoked, and only access decisions are answered, within their own staleness. */
const FRESH_WHILE_AWAY_MS = 600_000;
/** Maximum wait for the database if the token is cached; after that the database counts as unreachable. */
const PATIENCE_MS = 1_000;
const MAX_CACHED = 10_000;
/** How exactly the last use is known. */
const USE_MS = 60_000;
/** How long another administrator's token must still be valid for one to be revoked. */
const LEFT_MS = DAY_MS;
const ID = /^[0-9a-f]{16}$/;
const FORM = /^ght_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;

interface Known {
  id: string;
  hash: Buffer;
  principal: Principal;
  /** Epoch milliseconds; infinite for one that does not expire. */
  expiresAt: number;
  readAt: number;
}

interface Reading {
  result: Promise<Known | undefined>;
  /** The same, but rejects with Late after PATIENCE_MS. */
  inTime: Promise<Known | undefined>;
}

class Late extends Error {}

/** Bearer tokens of services and people. */
export class TokenRegistry {
  private readonly tokens: Repository<StoredToken>;
  private readonly lookUp: TokenLookUp;
  private readonly cache = new LRUCache<string, Known>({ max: MAX_CACHED });
  /** By the whole secret: the cache entry that its hash matched last. */
  private readonly verified = new LRUCache<string, Known>({ max: MAX_CACHED });
  /** Unknown ids with the time of the look-up, so that a repeated one is looked up once. */
  private readonly unknown = new LRUCache<string, number>({ max: MAX_CACHED });
  private readonly reading = new Map<string, Reading>();
  /** When the use of each token was last written. */
  private readonly used = new LRUCache<string, number>({ max: MAX_CACHED });
  /** Ids revoked here: a read that started before the revocation must not bring one back. */
  private readonly revoked = new Set<string>();
  /** The last creation that checks a spelling: each holds a connection while it is announced, so they take turns. */
  private lastChecked: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {
    this.tokens = dataSource.getRepository(StoredToken);
    this.lookUp = new TokenLookUp(this.tokens);
  }

  /**
   * @param announce is awaited before the token is stored
   * @param inAnySpelling for a token that nothing may refuse
   * @throws InvalidInput, as `checkNewToken`, and for a new person who is known in another spelling
   */
  async create(
    wanted: NewToken,
    announce?: (token: TokenInfo) => Promise<unknown>,
    inAnySpelling = false,
  ): Promise<CreatedToken> {
    const now = this.clock.now();
    const checked = checkNewToken(wanted, now);
    const id = randomBytes(8).toString('hex');
    const secret = `ght_${id}_${randomBytes(32).toString('base64url')}`;
    const token: StoredToken = {
      ...checked,
      id,
      secretSha256: sha256(secret),
      createdAt: new Date(now),
      createdBy: wanted.createdBy,
      lastUsedAt: null,
      revokedAt: null,
    };
    const store = async (tokens: Repository<StoredToken>) => {
      await announce?.(toInfo(token));
      await tokens.insert(token);
    };
    if (checked.person === null || inAnySpelling) await store(this.tokens);
    else {
      const field = wanted.person === undefined ? '/name' : '/person';
      const stored = this.lastChecked.then(() => inOneSpelling(this.dataSource, checked.person!, field, store));
      this.lastChecked = stored.catch(() => {});
      await stored;
    }
    return { token: toInfo(token), secret };
  }

  /**
   * Takes effect at once in this process and within 5 s in others. Revoking again changes nothing.
   * @throws NotFound `token-unknown`; Refusal `last-administrator`
   */
  async revoke(id: string): Promise<TokenInfo> {
    const stored = ID.test(id) ? await this.revokeStored(id) : undefined;
    if (stored) return toInfo(stored);
    await this.show(id);
    throw new Refusal(
      'last-administrator',
      `token ${id} is the last one of an administrator that is valid for another day: create another first`,
    );
  }

  /**
   * One statement, so that two administrators can't revoke one another's token at once: it locks the administrators'
   * tokens in the order of their ids. Keeps the first time of a revocation.
   */
  private async revokeStored(id: string): Promise<StoredToken | undefined> {
    const now = this.clock.now();
    const [[stored]]: [StoredToken[], number] = await this.tokens.query(REVOKE, [
      id,
      new Date(now),
      new Date(now + LEFT_MS),
    ]);
    if (stored) this.revoked.add(id);
    this.cache.delete(id);
    return stored;
  }

  /** @throws NotFound `token-unknown` */
  async show(id: string): Promise<TokenInfo> {
    const stored = ID.test(id) ? await this.tokens.findOneBy({ id }) : null;
    if (!stored)
      throw new NotFound('token-unknown', `there is no token ${JSON.stringify(id)}: GET /v1/tokens lists them`);
    return toInfo(stored);
  }

  /** All tokens, including revoked ones, oldest first. */
  async list(): Promise<TokenInfo[]> {
    return (await this.tokens.find({ order: { createdAt: 'ASC', id: 'ASC' } })).map(toInfo);
  }

  /** The token's principal if it was verified within 5 s, without a query or a hash. Undefined does not mean invalid. */
  recent(secret: string): Principal | undefined {
    const verified = this.verified.get(secret);
    const isInForce =
      verified &&
      this.cache.get(verified.id) === verified &&
      this.ageOf(verified) < FRESH_MS &&
      !this.isExpired(verified);
    return isInForce ? verified.principal : undefined;
  }

  /** The token's principal, or undefined if the token is invalid. */
  async authenticate(secret: string): Promise<Principal | undefined> {
    const recent = this.recent(secret);
    if (recent) return recent;
    const id = FORM.exec(secret)?.[1];
    if (id === undefined) return undefined;
    const hash = sha256(secret);
    let known = this.cache.get(id);
    if (!known && this.isUnknown(id)) return undefined;
    if (!known || this.ageOf(known) >= FRESH_MS) known = await this.readAgain(id, known);
    if (!known || !timingSafeEqual(known.hash, hash) || this.isExpired(known)) return undefined;
    this.verified.set(secret, known);
    this.noteUse(known);
    return known.principal;
  }

  /** Written in the background: no request waits for it. Not while the database is away. */
  private noteUse({ id, readAt }: Known): void {
    const now = this.clock.now();
    const isWritten = Math.abs(now - (this.used.get(id) ?? Number.NEGATIVE_INFINITY)) < USE_MS;
    if (isWritten || this.ageOf({ readAt }) >= FRESH_MS) return;
    this.used.set(id, now);
    const lastUsedAt = new Date(now);
    this.tokens
      .update({ id, lastUsedAt: Or(IsNull(), LessThan(lastUsedAt)) }, { lastUsedAt })
      .catch(() => this.used.delete(id));
  }

  /** Concurrent callers share one read. */
  private readAgain(id: string, known: Known | undefined): Promise<Known | undefined> {
    let pending = this.reading.get(id);
    if (!pending) {
      const result = this.read(id).finally(() => this.reading.delete(id));
      pending = { result, inTime: withPatience(result) };
      this.reading.set(id, pending);
    }
    return known ? pending.inTime.catch(this.withoutDatabase(known)) : pending.result;
  }

  private async read(id: string): Promise<Known | undefined> {
    const readAt = this.clock.now();
    const stored = await this.lookUp.find(id);
    this.cache.delete(id);
    if (!stored || this.revoked.has(id)) {
      this.unknown.set(id, readAt);
      return undefined;
    }
    const known: Known = {
      id,
      hash: stored.secretSha256,
      principal: principalOf(stored),
      expiresAt: stored.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY,
      readAt,
    };
    this.cache.set(id, known);
    return known;
  }

  private isUnknown(id: string): boolean {
    const readAt = this.unknown.get(id);
    return readAt !== undefined && this.ageOf({ readAt }) < FRESH_MS;
  }

  private withoutDatabase(known: Known): (error: unknown) => Known {
    return (error) => {
      const isAway = error instanceof Late || isTransientDatabaseError(error);
      if (isAway && this.ageOf(known) < FRESH_WHILE_AWAY_MS && !this.revoked.has(known.id)) return known;
      throw error instanceof Late ? new Unavailable('store-unavailable', error.message) : error;
    };
  }

  private isExpired({ expiresAt }: Known): boolean {
    return this.clock.now() >= expiresAt;
  }

  /** Infinite if the clock was set back: a revoked token must not be trusted for longer. */
  private ageOf({ readAt }: Pick<Known, 'readAt'>): number {
    const age = this.clock.now() - readAt;
    return age < 0 ? Number.POSITIVE_INFINITY : age;
  }
}

function withPatience<Result>(result: Promise<Result>): Promise<Result> {
  const late = () => new Late('the database does not answer: send the same request again');
  const inTime = within(PATIENCE_MS, () => result, late);
  inTime.catch(() => {}); // it may have no listener
  return inTime;
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

const REVOKE = `
  WITH administrators AS (
    SELECT id FROM platform.tokens
    WHERE 'administrator' = ANY(roles) AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $3)
    ORDER BY id FOR UPDATE
  )
  UPDATE platform.tokens token SET revoked_at = coalesce(revoked_at, $2)
  WHERE id = $1 AND (
    NOT 'administrator' = ANY(roles) OR revoked_at IS NOT NULL OR expires_at <= $2
    OR EXISTS (SELECT FROM administrators other WHERE other.id <> token.id)
  )
  RETURNING id, name, person, roles, sources, event_types AS "eventTypes", created_at AS "createdAt",
    created_by AS "createdBy", expires_at AS "expiresAt", last_used_at AS "lastUsedAt", revoked_at AS "revokedAt"`;

function principalOf(stored: StoredToken): Principal {
  const { id, name, person, roles, sources, eventTypes } = toInfo(stored);
  const bound = { ...(sources && { sources }), ...(eventTypes && { eventTypes }) };
  return {
    kind: person === null ? 'service' : 'user',
    id: person ?? name,
    roles,
    token: id,
    ...((sources || eventTypes) && { binding: bound }),
  };
}

const toInfo = (stored: StoredToken): TokenInfo => {
  const { id, name, person, roles, sources, eventTypes, createdBy } = stored;
  return {
    id,
    name,
    person,
    roles: roles.filter(isRole),
    sources,
    eventTypes,
    createdAt: stored.createdAt.toISOString(),
    createdBy,
    expiresAt: stored.expiresAt?.toISOString() ?? null,
    lastUsedAt: stored.lastUsedAt?.toISOString() ?? null,
    revokedAt: stored.revokedAt?.toISOString() ?? null,
  };
};

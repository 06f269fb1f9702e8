import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { type DataSource, IsNull, type Repository } from 'typeorm';
import type { Clock } from '../../kernel/clock.js';
import { InvalidInput, NotFound, Unavailable } from '../../kernel/errors.js';
import { isEntityId } from '../../kernel/text-forms.js';
import { isTransientDatabaseError } from '../../kernel/transient.js';
import { isUriReference } from '../../kernel/uri-reference.js';
import { within } from '../../kernel/wait.js';
import { isRole, type Principal, ROLES, type Role, SENDERS, type SenderBinding } from './principal.js';
import { StoredToken } from './stored-token.js';
import { TokenLookUp } from './token-look-up.js';

export interface TokenInfo {
  id: string;
  name: string;
  roles: Role[];
  /** The sources and types of the events that it may send; null for all. */
  sources: string[] | null;
  eventTypes: string[] | null;
  /** RFC 3339. */
  createdAt: string;
  createdBy: string;
  revokedAt: string | null;
}

export interface NewToken extends SenderBinding {
  /** Also the actor in events and votes: two tokens with one name are one actor. */
  name: string;
  roles: readonly string[];
  createdBy: string;
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
const ID = /^[0-9a-f]{16}$/;
const FORM = /^ght_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;

interface Known {
  id: string;
  hash: Buffer;
  principal: Principal;
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
  /** Ids revoked here: a read that started before the revocation must not bring one back. */
  private readonly revoked = new Set<string>();

  constructor(
    dataSource: DataSource,
    private readonly clock: Clock,
  ) {
    this.tokens = dataSource.getRepository(StoredToken);
    this.lookUp = new TokenLookUp(this.tokens);
  }

  /** @throws InvalidInput if the name is not an identifier, a role is missing or unknown, or a binding binds nothing */
  async create({ name, roles, createdBy, sources, eventTypes }: NewToken): Promise<CreatedToken> {
    const errors = [];
    if (!isEntityId(name))
      errors.push({
        field: '/name',
        message: 'must have 1 to 200 letters, digits or . _ : ~ -, and start with a letter or digit',
      });
    if (roles.length === 0 || !roles.every(isRole))
      errors.push({ field: '/roles', message: `must name one or more of ${ROLES.join(', ')}` });
    const wrongSource = sources?.find((source) => !isUriReference(source));
    if (wrongSource !== undefined)
      errors.push({ field: '/sources', message: `${JSON.stringify(wrongSource)} is not a URI reference` });
    for (const [field, list] of Object.entries({ sources, eventTypes })) {
      if (list && !SENDERS.some((role) => roles.includes(role)))
        errors.push({ field: `/${field}`, message: `binds only the roles that send events: ${SENDERS.join(', ')}` });
    }
    if (errors.length > 0) throw new InvalidInput(errors);
    const id = randomBytes(8).toString('hex');
    const secret = `ght_${id}_${randomBytes(32).toString('base64url')}`;
    const token: StoredToken = {
      id,
      name,
      roles: [...new Set(roles)],
      sources: sources ? [...new Set(sources)] : null,
      eventTypes: eventTypes ? [...new Set(eventTypes)] : null,
      secretSha256: sha256(secret),
      createdAt: new Date(this.clock.now()),
      createdBy,
      revokedAt: null,
    };
    await this.tokens.insert(token);
    return { token: toInfo(token), secret };
  }

  /**
   * Takes effect at once in this process and within 5 s in others. Revoking again changes nothing.
   * @throws NotFound `token-unknown`
   */
  async revoke(id: string): Promise<TokenInfo> {
    const stored = ID.test(id) ? await this.revokeStored(id) : null;
    if (!stored)
      throw new NotFound('token-unknown', `there is no token ${JSON.stringify(id)}: GET /v1/tokens lists them`);
    return toInfo(stored);
  }

  /** Keeps the first revocation time. */
  private async revokeStored(id: string): Promise<StoredToken | null> {
    await this.tokens.update({ id, revokedAt: IsNull() }, { revokedAt: new Date(this.clock.now()) });
    this.cache.delete(id);
    const stored = await this.tokens.findOneBy({ id });
    if (stored) this.revoked.add(id);
    this.cache.delete(id); // a concurrent read may have put it back
    return stored;
  }

  /** All tokens, including revoked ones, oldest first. */
  async list(): Promise<TokenInfo[]> {
    return (await this.tokens.find({ order: { createdAt: 'ASC', id: 'ASC' } })).map(toInfo);
  }

  /** The token's principal if it was verified within 5 s, without a query or a hash. Undefined does not mean invalid. */
  recent(secret: string): Principal | undefined {
    const verified = this.verified.get(secret);
    const isInForce = verified && this.cache.get(verified.id) === verified && this.ageOf(verified) < FRESH_MS;
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
    if (!known || !timingSafeEqual(known.hash, hash)) return undefined;
    this.verified.set(secret, known);
    return known.principal;
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
    const { name, roles, sources, eventTypes } = toInfo(stored);
    const kind = roles.includes('service') ? 'service' : 'user';
    const bound = { ...(sources && { sources }), ...(eventTypes && { eventTypes }) };
    const binding = sources || eventTypes ? { binding: bound } : {};
    const known: Known = { id, hash: stored.secretSha256, principal: { kind, id: name, roles, ...binding }, readAt };
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

const toInfo = (stored: StoredToken): TokenInfo => {
  const { id, name, roles, sources, eventTypes, createdAt, createdBy, revokedAt } = stored;
  return {
    id,
    name,
    roles: roles.filter(isRole),
    sources,
    eventTypes,
    createdAt: createdAt.toISOString(),
    createdBy,
    revokedAt: revokedAt?.toISOString() ?? null,
  };
};

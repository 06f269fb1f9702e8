import { In, IsNull, type Repository } from 'typeorm';
import { coalesced } from '../../kernel/coalesced.js';
import type { StoredToken } from './stored-token.js';

/**
 * Reads tokens that are not revoked. One query at a time reads all that are wanted by then: however many unknown tokens a caller
 * makes up, they take one connection and one query, and the valid token of another caller is found by the next.
 */
export class TokenLookUp {
  private wanted = new Set<string>();
  private readonly read = coalesced(async () => {
    const ids = [...this.wanted];
    this.wanted = new Set();
    const found = await this.tokens.findBy({ id: In(ids), revokedAt: IsNull() });
    return new Map(found.map((token) => [token.id, token]));
  });

  constructor(private readonly tokens: Repository<StoredToken>) {}

  async find(id: string): Promise<StoredToken | undefined> {
    this.wanted.add(id);
    return (await this.read()).get(id);
  }
}

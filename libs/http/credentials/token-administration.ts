import { Inject, Injectable } from '@nestjs/common';
import type { Audit } from '../../kernel/audit.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { AUDIT } from '../../platform/ports.js';
import type { NewToken } from './new-token.js';
import { type CreatedToken, type TokenInfo, TokenRegistry } from './token-registry.js';

/** Creates and revokes tokens for somebody; the log says for whom. */
@Injectable()
export class TokenAdministration {
  constructor(
    @Inject(TokenRegistry) private readonly tokens: TokenRegistry,
    @Inject(AUDIT) private readonly audit: Audit,
  ) {}

  /** Recorded before it is stored: no token can be used without its event. @throws InvalidInput */
  create(wanted: Omit<NewToken, 'createdBy'>, context: CommandContext): Promise<CreatedToken> {
    return this.tokens.create({ ...wanted, createdBy: context.actor.id }, this.announcing(context));
  }

  /** For anyone who has the machine: nobody must be able to keep them out by the name of a token. */
  createAdministrator(context: CommandContext): Promise<CreatedToken> {
    const wanted = { name: 'administrator', roles: ['administrator'], createdBy: context.actor.id };
    return this.tokens.create(wanted, this.announcing(context), true);
  }

  private announcing(context: CommandContext) {
    return (token: TokenInfo) => this.audit.record({ type: 'TokenCreated', data: createdData(token) }, context);
  }

  /**
   * Refused from now on, even if the log does not answer: then the revocation throws, and a repeat records it.
   * @throws NotFound, Refusal as the registry does; StoreUnavailable
   */
  async revoke(id: string, context: CommandContext): Promise<TokenInfo> {
    const token = await this.tokens.revoke(id);
    await this.audit.record({ type: 'TokenRevoked', data: ownerData(token) }, context, `revoke token ${token.id}`);
    return token;
  }
}

const ownerData = ({ id, name, person }: TokenInfo) => ({ tokenId: id, name, ...(person !== null && { person }) });

const createdData = (token: TokenInfo) => ({
  ...ownerData(token),
  roles: token.roles,
  ...(token.sources && { sources: token.sources }),
  ...(token.eventTypes && { eventTypes: token.eventTypes }),
  ...(token.expiresAt !== null && { expiresAt: token.expiresAt }),
});

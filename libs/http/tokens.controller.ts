import { Body, Controller, Delete, Get, Inject, Param, Post } from '@nestjs/common';
import { ArrayNotEmpty, IsArray, IsIn, IsString, MaxLength } from 'class-validator';
import { type Static, Type } from 'typebox';
import { ROLES, type Role } from './credentials/principal.js';
import { Roles } from './credentials/route-access.js';
import { TokenRegistry } from './credentials/token-registry.js';
import { Means } from './field-rules.js';
import { closed, instant, list, orNull, text } from './openapi/answer-schemas.js';
import { answer, Operation } from './openapi/operation.js';
import { Context } from './request-context.js';

const NAME = 'Also the identity of its user: the actor of events, the reviewer of verdicts.';
const MAY_DO = 'What it may do.';

export class CreateTokenBody {
  @IsString()
  @MaxLength(200)
  @Means(NAME)
  name!: string;

  @IsArray()
  @ArrayNotEmpty()
  @IsIn(ROLES, { each: true })
  @Means(MAY_DO)
  roles!: Role[];
}

const tokenFields = {
  id: text('The token.'),
  name: text(NAME),
  roles: list(Type.Enum([...ROLES]), MAY_DO),
  createdAt: instant('When it was made.'),
  createdBy: text('Who made it.'),
  revokedAt: orNull(instant('When it was revoked.')),
};
const TokenAnswer = closed(tokenFields);
export type TokenAnswer = Static<typeof TokenAnswer>;
const TokensAnswer = closed({ items: list(TokenAnswer, 'Oldest first.') });
export type TokensAnswer = Static<typeof TokensAnswer>;
const CreatedTokenAnswer = closed({ ...tokenFields, secret: text('Send it as `Authorization: Bearer {secret}`.') });
export type CreatedTokenAnswer = Static<typeof CreatedTokenAnswer>;

const example = {
  id: '0123456789abcdef',
  name: 'image-service',
  roles: ['service'],
  createdAt: '2022-05-18T09:00:00.000Z',
  createdBy: 'administrator',
  revokedAt: null,
};

@Controller('v1/tokens')
export class TokensController {
  constructor(@Inject(TokenRegistry) private readonly tokens: TokenRegistry) {}

  @Post()
  @Roles('administrator')
  @Operation('Creates a token; its secret is shown only in this response', {
    example: { name: 'image-service', roles: ['service'] },
    answer: answer('CreatedToken', 'The token.', CreatedTokenAnswer, { ...example, secret: 'ght_0123456789abcdef_…' }),
  })
  async createToken(
    @Body() { name, roles }: CreateTokenBody,
    @Context() { actor }: Context,
  ): Promise<CreatedTokenAnswer> {
    const { token, secret } = await this.tokens.create({ name, roles, createdBy: actor.id });
    return { ...token, secret };
  }

  @Get()
  @Roles('administrator')
  @Operation('All tokens, including revoked ones, without their secrets', {
    answer: answer('Tokens', 'The tokens.', TokensAnswer, { items: [example] }),
  })
  async listTokens(): Promise<TokensAnswer> {
    return { items: await this.tokens.list() };
  }

  @Delete(':id')
  @Roles('administrator')
  @Operation('Refuses a token from now on', {
    fields: { id: 'The token.' },
    answer: answer('Token', 'It is revoked.', TokenAnswer, example),
    refusals: { 404: ['token-unknown'] },
  })
  revokeToken(@Param('id') id: string): Promise<TokenAnswer> {
    return this.tokens.revoke(id);
  }
}

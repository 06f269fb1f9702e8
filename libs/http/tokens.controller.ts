import { applyDecorators, Body, Controller, Delete, Get, Inject, Param, Post } from '@nestjs/common';
import { ArrayNotEmpty, IsArray, IsIn, IsString, MaxLength } from 'class-validator';
import { type Static, Type } from 'typebox';
import { InvalidInput } from '../kernel/errors.js';
import { MAX_ID_LENGTH } from '../kernel/text-forms.js';
import { ROLES, type Role } from './credentials/principal.js';
import { Roles } from './credentials/route-access.js';
import { TokenAdministration } from './credentials/token-administration.js';
import { TokenRegistry } from './credentials/token-registry.js';
import { IfGiven, IsEntityId, IsInstant, IsSet, Means } from './field-rules.js';
import { Located } from './location.js';
import { closed, instant, list, orNull, text } from './openapi/answer-schemas.js';
import { API_DESCRIPTION, type ApiDescription } from './openapi/api-description.js';
import { answer, Operation } from './openapi/operation.js';
import { Context } from './request-context.js';

const NAME = 'What it is called in lists; for a token of a service, the service.';
const PERSON =
  'Whom it belongs to: the actor of events, the reviewer of verdicts. All tokens of one person are one actor.';
const EXPIRES = 'When it stops being valid.';
const MAY_DO = 'What it may do.';
const SOURCES = 'The sources of the events that it may send.';
const EVENT_TYPES = 'The types of the events that it may send.';
const MAX_BOUND = 50;

const IsBinding = (description: string) =>
  applyDecorators(
    IfGiven(),
    MaxLength(MAX_ID_LENGTH, { each: true }),
    IsString({ each: true }),
    IsSet(1, MAX_BOUND),
    Means(`${description} By default all.`),
  );

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

  @IfGiven()
  @IsEntityId(`${PERSON} By default the name, or nobody if it has no role but \`service\` and \`metrics\`.`)
  person?: string;

  @IfGiven()
  @IsInstant(`${EXPIRES} By default never.`)
  expiresAt?: string;

  @IsBinding(SOURCES)
  sources?: string[];

  @IsBinding(EVENT_TYPES)
  eventTypes?: string[];
}

const tokenFields = {
  id: text('The token.'),
  name: text(NAME),
  person: orNull(text(`${PERSON} Null for a token of a service.`)),
  roles: list(Type.Enum([...ROLES]), MAY_DO),
  sources: orNull(list(Type.String(), `${SOURCES} Null for all.`)),
  eventTypes: orNull(list(Type.String(), `${EVENT_TYPES} Null for all.`)),
  createdAt: instant('When it was made.'),
  createdBy: text('Who made it.'),
  expiresAt: orNull(instant(EXPIRES)),
  lastUsedAt: orNull(instant('When it was last used, to the minute.')),
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
  person: null,
  roles: ['service'],
  sources: ['/image-service'],
  eventTypes: null,
  createdAt: '2022-05-18T09:00:00.000Z',
  createdBy: 'administrator',
  expiresAt: null,
  lastUsedAt: '2022-05-19T10:00:00.000Z',
  revokedAt: null,
};

@Controller('v1/tokens')
export class TokensController {
  constructor(
    @Inject(TokenRegistry) private readonly tokens: TokenRegistry,
    @Inject(TokenAdministration) private readonly administration: TokenAdministration,
    @Inject(API_DESCRIPTION) private readonly description: Pick<ApiDescription, 'events'>,
  ) {}

  @Post()
  @Located('/v1/tokens/{id}')
  @Roles('administrator')
  @Operation('Creates a token; its secret is shown only in this response', {
    example: { name: 'image-service', roles: ['service'], sources: ['/image-service'] },
    answer: answer('CreatedToken', 'The token.', CreatedTokenAnswer, { ...example, secret: 'ght_0123456789abcdef_…' }),
  })
  async createToken(@Body() body: CreateTokenBody, @Context() context: Context): Promise<CreatedTokenAnswer> {
    const types = this.description.events.incoming.map(({ type }) => type);
    const refused = body.eventTypes?.find((type) => !types.includes(type));
    if (refused !== undefined) {
      const message = `${JSON.stringify(refused)} is not a type of event that may be sent: must be one of ${types.join(', ')}`;
      throw new InvalidInput([{ field: '/eventTypes', message }]);
    }
    const { token, secret } = await this.administration.create(body, context);
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

  @Get(':id')
  @Roles('administrator')
  @Operation('A token without its secret', {
    fields: { id: 'The token.' },
    answer: answer('Token', 'The token.', TokenAnswer, example),
    refusals: { 404: ['token-unknown'] },
  })
  showToken(@Param('id') id: string): Promise<TokenAnswer> {
    return this.tokens.show(id);
  }

  @Delete(':id')
  @Roles('administrator')
  @Operation('Refuses a token from now on', {
    fields: { id: 'The token.' },
    answer: answer('Token', 'It is revoked.', TokenAnswer, example),
    refusals: { 404: ['token-unknown'], 409: ['last-administrator'] },
  })
  revokeToken(@Param('id') id: string, @Context() context: Context): Promise<TokenAnswer> {
    return this.administration.revoke(id, context);
  }
}

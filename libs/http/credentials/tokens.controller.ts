import { Body, Controller, Delete, Get, Inject, Param, Post } from '@nestjs/common';
import { ArrayNotEmpty, IsArray, IsIn, IsString, MaxLength } from 'class-validator';
import type { CommandContext } from '../../kernel/command-context.js';
import { Context } from '../request-context.js';
import { ROLES, type Role } from './principal.js';
import { Roles } from './route-access.js';
import { TokenRegistry } from './token-registry.js';

export class CreateTokenBody {
  /** Also the identity of its user: the actor of events, the reviewer of verdicts. */
  @IsString()
  @MaxLength(200)
  name!: string;

  @IsArray()
  @ArrayNotEmpty()
  @IsIn(ROLES, { each: true })
  roles!: Role[];
}

@Controller('v1/tokens')
export class TokensController {
  constructor(@Inject(TokenRegistry) private readonly tokens: TokenRegistry) {}

  /** Makes a token; its secret is shown here and never again. */
  @Post()
  @Roles('administrator')
  async create(@Body() { name, roles }: CreateTokenBody, @Context() { actor }: CommandContext) {
    const { token, secret } = await this.tokens.create({ name, roles, createdBy: actor.id });
    return { ...token, secret };
  }

  /** Every token, the revoked ones too, without secrets. */
  @Get()
  @Roles('administrator')
  async list() {
    return { items: await this.tokens.list() };
  }

  /** Refuses a token from now on. */
  @Delete(':id')
  @Roles('administrator')
  revoke(@Param('id') id: string) {
    return this.tokens.revoke(id);
  }
}

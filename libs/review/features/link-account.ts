import { Body, Controller, Delete, HttpCode, Param, Post, Query } from '@nestjs/common';
import { CommandRoute, EditCommand } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IsEntityId, IsReason } from '../../http/field-rules.js';
import { Condition, Edits, IfMatch } from '../../http/if-match.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { LEADS } from '../queries/reviewing-roles.js';
import { linkAccount, unlinkAccount } from '../reviewer.js';
import { reviewerHandler } from './edited-reviewer.js';

export class LinkAccount extends EditCommand {
  declare readonly reviewer: string;

  @IsEntityId('The account.')
  accountId!: string;

  @IsReason('Why.')
  reason!: string;
}

export class UnlinkAccount extends EditCommand {
  declare readonly reviewer: string;
  declare readonly accountId: string;
  declare readonly reason: string;
}

export class LinkParam extends IdParam {
  @IsEntityId('The account.')
  accountId!: string;
}

export class UnlinkQuery {
  @IsReason('Why.')
  reason!: string;
}

const linkOf = ({ reviewer, accountId, reason }: LinkAccount | UnlinkAccount) => ({ reviewer, accountId, reason });

export const LinkAccountHandler = reviewerHandler(LinkAccount, (state, command) => linkAccount(state, linkOf(command)));

export const UnlinkAccountHandler = reviewerHandler(UnlinkAccount, (state, command) =>
  unlinkAccount(state, linkOf(command)),
);

@Controller('v1/reviewers')
export class LinkAccountController extends CommandRoute {
  @Post(':id/accounts')
  @Edits('/v1/reviewers/:id')
  @HttpCode(200)
  @Roles(...LEADS)
  @Operation('Links a reviewer to an account: they review none of its images', {
    fields: { id: 'The reviewer.' },
    example: { accountId: 'acc-1', reason: 'a relative' },
    answer: receipt('They are linked.'),
    refusals: { 409: ['too-many-links'] },
  })
  linkAccount(
    @Param() { id }: IdParam,
    @Body() link: LinkAccount,
    @Condition() ifMatch: IfMatch,
    @Context() context: Context,
  ) {
    return this.receipt(link.with({ context, ifMatch, reviewer: id }));
  }

  @Delete(':id/accounts/:accountId')
  @Edits('/v1/reviewers/:id')
  @Roles(...LEADS)
  @Operation('Removes the link of a reviewer to an account; a repeat changes nothing', {
    fields: { id: 'The reviewer.' },
    answer: receipt('They are linked no longer.'),
    refusals: { 404: ['link-unknown'] },
  })
  unlinkAccount(
    @Param() { id, accountId }: LinkParam,
    @Query() { reason }: UnlinkQuery,
    @Condition() ifMatch: IfMatch,
    @Context() context: Context,
  ) {
    return this.receipt(new UnlinkAccount().with({ context, ifMatch, reviewer: id, accountId, reason }));
  }
}

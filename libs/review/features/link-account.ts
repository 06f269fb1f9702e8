import { Body, Controller, Delete, HttpCode, Param, Post, Query } from '@nestjs/common';
import { CommandRoute, decisionHandler, RequestCommand } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IsEntityId, IsReason } from '../../http/field-rules.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { LEADS } from '../queries/reviewing-roles.js';
import { linkAccount, reviewerStream, unlinkAccount } from '../reviewer.js';

export class LinkAccount extends RequestCommand {
  declare readonly reviewer: string;

  @IsEntityId('The account.')
  accountId!: string;

  @IsReason('Why.')
  reason!: string;
}

export class UnlinkAccount extends RequestCommand {
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

export const LinkAccountHandler = decisionHandler(
  LinkAccount,
  reviewerStream,
  (state, command) => linkAccount(state, linkOf(command)),
  ({ reviewer }) => reviewer,
);

export const UnlinkAccountHandler = decisionHandler(
  UnlinkAccount,
  reviewerStream,
  (state, command) => unlinkAccount(state, linkOf(command)),
  ({ reviewer }) => reviewer,
);

@Controller('v1/reviewers')
export class LinkAccountController extends CommandRoute {
  @Post(':id/accounts')
  @HttpCode(200)
  @Roles(...LEADS)
  @Operation('Links a reviewer to an account: they review none of its images', {
    fields: { id: 'The reviewer.' },
    example: { accountId: 'acc-1', reason: 'a relative' },
    answer: receipt('They are linked.'),
    refusals: { 409: ['too-many-links'] },
  })
  linkAccount(@Param() { id }: IdParam, @Body() link: LinkAccount, @Context() context: Context) {
    return this.receipt(link.with({ context, reviewer: id }));
  }

  @Delete(':id/accounts/:accountId')
  @Roles(...LEADS)
  @Operation('Removes the link of a reviewer to an account; a repeat changes nothing', {
    fields: { id: 'The reviewer.' },
    answer: receipt('They are linked no longer.'),
  })
  unlinkAccount(@Param() { id, accountId }: LinkParam, @Query() { reason }: UnlinkQuery, @Context() context: Context) {
    return this.receipt(new UnlinkAccount().with({ context, reviewer: id, accountId, reason }));
  }
}

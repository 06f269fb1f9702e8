import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import type { CommandBus } from '@nestjs/cqrs';
import { CommandRoute, EditCommand, editHandler } from '../../context/decision.js';
import type { DataOf } from '../../events/event-definition.js';
import { Roles } from '../../http/credentials/route-access.js';
import { AreLabels, IdParam, IfGiven, IsLabel, IsSet } from '../../http/field-rules.js';
import { Condition, Edits, IfMatch } from '../../http/if-match.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { defineInbound, type InboundCommand } from '../../ingest/ingest.js';
import { deactivateAccount } from '../account-enforcement.js';
import { accountStream } from '../account-standing.js';
import { AccountDeactivated, DeactivationCauseAdded } from '../events.js';
import { ACCOUNT } from './edited-account.js';

type Deactivation = DataOf<typeof AccountDeactivated>;

export class DeactivateAccount extends EditCommand implements Deactivation {
  declare readonly accountId: string;
  declare readonly caseId?: string;
  declare readonly imageId?: string;

  @IsLabel('Why, as a lower-case label, like `second-strike`.')
  reason!: string;

  @IfGiven()
  @IsSet(0, 20)
  @AreLabels('What was found, as lower-case labels.')
  categories: string[] = [];
}

export const DeactivateAccountHandler = editHandler(
  DeactivateAccount,
  accountStream,
  ACCOUNT,
  (standing, { context: { source }, ifMatch: __, accountId, ...found }, _, enforcementId) =>
    deactivateAccount(standing, { accountId, ...found, enforcementId }, source),
);

/** Handles an AccountDeactivated event of another system. */
export const deactivateAccountInbound = (commands: CommandBus): InboundCommand =>
  defineInbound({
    event: AccountDeactivated,
    storedAs: [DeactivationCauseAdded],
    keys: ({ accountId }) => [`account:${accountId}`],
    handle: (data, context) => commands.execute(new DeactivateAccount().with({ ...data, context })),
  });

@Controller('v1/accounts')
export class DeactivateAccountController extends CommandRoute {
  @Post(':id/deactivation')
  @Edits('/v1/accounts/:id')
  @HttpCode(200)
  @Roles('operator', 'administrator')
  @Operation('Revokes the account’s access until it is reinstated', {
    description:
      'Also works for an account that is not known yet. It has an enforcement of its own, beside those of confirmed reviews. A repeat changes nothing.',
    fields: { id: 'The account.' },
    example: { reason: 'operator-decision', categories: ['violent'] },
    answer: receipt('Deactivated.'),
  })
  deactivateAccount(
    @Param() { id }: IdParam,
    @Body() deactivation: DeactivateAccount,
    @Condition() ifMatch: IfMatch,
    @Context() context: Context,
  ) {
    return this.receipt(deactivation.with({ accountId: id, ifMatch, context }));
  }
}

import { Body, Controller, HttpCode, Inject, Param, Put } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { CommandRoute, EditCommand } from '../../context/decision.js';
import { OwnEventIds } from '../../event-store/event-identity.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IsMailbox } from '../../http/field-rules.js';
import { Condition, Edits, IfMatch } from '../../http/if-match.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import type { Clock } from '../../kernel/clock.js';
import type { Ids } from '../../kernel/ids.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { CLOCK, IDS, SETTINGS } from '../../platform/ports.js';
import { changeAddress } from '../account-address.js';
import { offerOf } from '../queries/confirmation-token.js';
import { AddressClaims } from './address-claims.js';
import { ACCOUNT } from './edited-account.js';

export class ChangeAddress extends EditCommand {
  declare readonly accountId: string;

  @IsMailbox('The new address. It is stored encrypted under a key of its person.')
  email!: string;
}

@CommandHandler(ChangeAddress)
export class ChangeAddressHandler implements ICommandHandler<ChangeAddress> {
  constructor(
    @Inject(AddressClaims) private readonly addresses: AddressClaims,
    @Inject(OwnEventIds) private readonly ownEventIds: OwnEventIds,
    @Inject(IDS) private readonly ids: Ids,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'waitlistConfirmUrl' | 'waitlistConfirmHours'>,
  ) {}

  async execute({ accountId, email, context, ifMatch }: ChangeAddress): Promise<CommandResult> {
    const command = { accountId, email, context };
    const offer = offerOf(this.ownEventIds, this.settings, this.ids.next())(accountId);
    return commandResult(
      await this.addresses.decide(command, (_, emailHash) => (holder) => {
        const events = changeAddress(holder, { accountId, email, emailHash }, offer, this.clock.now());
        return [...(ifMatch?.allow(events, holder.changedAt, ACCOUNT.what({ accountId })) ?? events)];
      }),
    );
  }
}

@Controller('v1/accounts')
export class ChangeAddressController extends CommandRoute {
  @Put(':id/address')
  @Edits('/v1/accounts/:id')
  @HttpCode(200)
  @Roles('service', 'operator', 'administrator')
  @Operation('Changes the address of an account; the former one is free again', {
    description:
      'Refused for an address that belongs to another account. The event names who changed it. Where addresses have to be confirmed, somebody who waits is sent a link to the new one, and is not chosen before it is confirmed; after five links of an account, the next change has to wait.',
    fields: { id: 'The account.' },
    example: { email: 'ada@example.org' },
    answer: receipt('Changed.'),
    refusals: { 404: ['account-unknown'], 409: ['address-taken', 'confirmation-too-soon'] },
  })
  changeAddress(
    @Param() { id }: IdParam,
    @Body() change: ChangeAddress,
    @Condition() ifMatch: IfMatch,
    @Context() context: Context,
  ) {
    return this.receipt(change.with({ accountId: id, ifMatch, context }));
  }
}

import { Body, Controller, HttpCode, Inject, Param, Put } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { CommandRoute, RequestCommand } from '../../context/decision.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IsMailbox } from '../../http/field-rules.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { changeAddress } from '../account-address.js';
import { AddressClaims } from './address-claims.js';

export class ChangeAddress extends RequestCommand {
  declare readonly accountId: string;

  @IsMailbox('The new address. It is stored encrypted under a key of its person.')
  email!: string;
}

@CommandHandler(ChangeAddress)
export class ChangeAddressHandler implements ICommandHandler<ChangeAddress> {
  constructor(@Inject(AddressClaims) private readonly addresses: AddressClaims) {}

  async execute({ accountId, email, context }: ChangeAddress): Promise<CommandResult> {
    const command = { accountId, email, context };
    return commandResult(
      await this.addresses.decide(
        command,
        (_, emailHash) => (holder) => changeAddress(holder, { accountId, email, emailHash }),
      ),
    );
  }
}

@Controller('v1/accounts')
export class ChangeAddressController extends CommandRoute {
  @Put(':id/address')
  @HttpCode(200)
  @Roles('service', 'operator', 'administrator')
  @Operation('Changes the address of an account; the former one is free again', {
    description: 'Refused for an address that belongs to another account. The event names who changed it.',
    fields: { id: 'The account.' },
    example: { email: 'ada@example.org' },
    answer: receipt('Changed.'),
    refusals: { 404: ['account-unknown'], 409: ['address-taken'] },
  })
  changeAddress(@Param() { id }: IdParam, @Body() change: ChangeAddress, @Context() context: Context) {
    return this.receipt(change.with({ accountId: id, context }));
  }
}

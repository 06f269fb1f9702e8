import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import pMap from 'p-map';
import { type Static, Type } from 'typebox';
import {
  AddressBook,
  contactFields,
  isWaiting,
  waitingTurn,
  waitlistClassStream,
  withheldContacts,
} from '../../account/index.js';
import { AuditTrail } from '../../audit/index.js';
import { Transactor } from '../../event-store/transact.js';
import { ACCOUNTS_PER_EVENT } from '../../events/schemas.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsLabel, IsReason } from '../../http/field-rules.js';
import { closed, list, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { HOLD_OUT } from '../../kernel/reserved-classes.js';
import { Waitlist } from '../queries/waitlist.js';
import { partCommand } from './part-command.js';

const CONCURRENT_ACCOUNTS = 64;

const LineAddressesAnswer = closed({
  items: list(
    closed({ ...contactFields, class: text('Its class.') }),
    'People of this part of the line, in its order.',
  ),
  withheld: withheldContacts,
  nextCursor: Type.Optional(text('Pass it as `cursor`; absent at the end of the line.')),
});
export type LineAddressesAnswer = Static<typeof LineAddressesAnswer>;

export class ExportLine extends partCommand<LineAddressesAnswer>(ACCOUNTS_PER_EVENT) {
  @IsReason('Why. Recorded with the reader’s name; no personal data.')
  reason!: string;

  @IfGiven()
  @IsLabel('Only people of this class.')
  class?: string;
}

/** Gives out the addresses of people who wait, part by part, for a campaign of invitations. */
@CommandHandler(ExportLine)
export class ExportLineHandler implements ICommandHandler<ExportLine> {
  constructor(
    @Inject(Waitlist) private readonly waitlist: Waitlist,
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(AddressBook) private readonly addresses: AddressBook,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
  ) {}

  async execute({ reason, class: name, limit, cursor, context }: ExportLine): Promise<LineAddressesAnswer> {
    const part = await this.waitlist.lineOf(name, limit ?? ACCOUNTS_PER_EVENT, cursor);
    const classes = new Map<string, string>();
    await pMap(part.items, (accountId) => this.note(accountId, name, classes), { concurrency: CONCURRENT_ACCOUNTS });
    const invited = part.items.filter((accountId) => classes.has(accountId));
    const { contacts, withheld } = await this.addresses.contactsOf(invited);
    if (contacts.length > 0) {
      const accounts = contacts.map(({ accountId }) => accountId);
      await this.audit.record({ type: 'AddressRead', data: { accounts, reason } }, context);
    }
    const items = contacts.map((one) => ({ ...one, class: classes.get(one.accountId)! }));
    return { items, withheld, ...(part.nextCursor !== undefined && { nextCursor: part.nextCursor }) };
  }

  /** The view may be behind: who has withdrawn or become a hold-out by now is left out. */
  private async note(accountId: string, name: string | undefined, classes: Map<string, string>): Promise<void> {
    const { state } = await this.transactor.load(waitlistClassStream, accountId);
    if (state.class === undefined || state.class === HOLD_OUT || (name !== undefined && state.class !== name)) return;
    if (isWaiting((await this.transactor.load(waitingTurn, accountId)).state)) classes.set(accountId, state.class);
  }
}

@Controller('v1/waitlist')
export class ExportLineController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  @Post('address-exports')
  @HttpCode(200)
  @Roles('operator', 'administrator')
  @Operation('The addresses of people who wait, in the order of the line, for a campaign of invitations', {
    description:
      'Part by part. Hold-outs, people who have withdrawn and barred ones are left out. Who read whose addresses, and why, is recorded in the log before they are answered.',
    example: { reason: 'invitations of June', class: 'artists' },
    answer: answer('LineAddresses', 'A part of the line.', LineAddressesAnswer, {
      items: [{ accountId: 'acc-1', class: 'artists', email: 'ada@example.org', locale: 'en-GB' }],
      withheld: [],
    }),
  })
  exportLine(@Body() request: ExportLine, @Context() context: Context): Promise<LineAddressesAnswer> {
    return this.commands.execute(request.with({ context }));
  }
}

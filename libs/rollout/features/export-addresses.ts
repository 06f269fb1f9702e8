import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type Static, Type } from 'typebox';
import { AddressBook, contactFields, withheldContacts } from '../../account/index.js';
import { AuditTrail } from '../../audit/index.js';
import { RequestCommand } from '../../context/decision.js';
import type { EventStore } from '../../event-store/event-store.js';
import { Transactor } from '../../event-store/transact.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IfGiven, IsInteger, IsReason } from '../../http/field-rules.js';
import { closed, count, list, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { NotFound } from '../../kernel/errors.js';
import { EVENT_STORE } from '../../platform/ports.js';
import { ACCOUNTS_PER_PART, cohortStream } from '../cohort.js';
import { Admissions } from '../queries/admissions.js';
import { partAt } from '../queries/chosen-parts.js';

const MAX_PARTS = 1_000_000;

const AddressesAnswer = closed({
  cohortId: text('The cohort.'),
  part: count('This part of the cohort, from 0.'),
  items: list(closed(contactFields), 'The people of this part, in the order of their onboarding.'),
  withheld: withheldContacts,
  nextPart: Type.Optional(count('Pass it as `part`; absent if nobody else has been onboarded with the cohort so far.')),
});
export type AddressesAnswer = Static<typeof AddressesAnswer>;

export class ExportAddresses extends RequestCommand<AddressesAnswer> {
  @IsReason('Why. Recorded with the reader’s name; no personal data.')
  reason!: string;

  @IfGiven()
  @IsInteger(`A part of at most ${ACCOUNTS_PER_PART} people: 0 by default, then \`nextPart\`.`, 0, MAX_PARTS)
  part?: number;

  declare readonly cohortId: string;
}

/** Gives out the addresses of people who were onboarded, so that they can be invited. */
@CommandHandler(ExportAddresses)
export class ExportAddressesHandler implements ICommandHandler<ExportAddresses> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(Admissions) private readonly admissions: Admissions,
    @Inject(AddressBook) private readonly addresses: AddressBook,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
  ) {}

  async execute({ cohortId, reason, part = 0, context }: ExportAddresses): Promise<AddressesAnswer> {
    const { reports } = (await this.transactor.load(cohortStream, cohortId)).state;
    if (reports.length === 0 && !(await this.admissions.find(cohortId)))
      throw new NotFound(
        'cohort-unknown',
        `there is no cohort ${cohortId}: gatehouse cohort list, or GET /v1/cohorts, lists them`,
      );
    const report = reports[part];
    const accounts = report === undefined ? [] : (await partAt(this.store, report)).accounts;
    const { contacts: items, withheld } = await this.addresses.contactsOf(accounts);
    if (items.length > 0) {
      const read = items.map(({ accountId }) => accountId);
      await this.audit.record({ type: 'AddressRead', data: { accounts: read, cohortId, reason } }, context);
    }
    const next = part + 1 < reports.length ? { nextPart: part + 1 } : {};
    return { cohortId, part, items, withheld, ...next };
  }
}

@Controller('v1/cohorts')
export class ExportAddressesController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  @Post(':id/address-exports')
  @HttpCode(200)
  @Roles('operator', 'administrator')
  @Operation('The addresses of the people onboarded with a cohort, to invite them', {
    description: 'Who read whose addresses, and why, is recorded in the log before they are answered.',
    fields: { id: 'The cohort.' },
    example: { reason: 'invitations of week 20' },
    answer: answer('Addresses', 'A part of the cohort.', AddressesAnswer, {
      cohortId: '2022-w20',
      part: 0,
      items: [{ accountId: 'acc-1', email: 'ada@example.org', locale: 'en-GB' }],
      withheld: [],
    }),
    refusals: { 404: ['cohort-unknown'] },
  })
  exportAddresses(
    @Param() { id }: IdParam,
    @Body() request: ExportAddresses,
    @Context() context: Context,
  ): Promise<AddressesAnswer> {
    return this.commands.execute(request.with({ context, cohortId: id }));
  }
}

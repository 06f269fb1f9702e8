import { setTimeout as sleep } from 'node:timers/promises';
import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { IsEmail, Matches, MaxLength } from 'class-validator';
import { type Static, Type } from 'typebox';
import {
  type AccountStanding,
  accountStream,
  joinWaitlist,
  personStream,
  registerPerson,
  WaitlistJoined,
} from '../../account/index.js';
import { RequestCommand } from '../../context/decision.js';
import { Transactor } from '../../event-store/transact.js';
import type { CommandResult } from '../../event-store/write-result.js';
import { PublicEndpoint } from '../../http/credentials/route-access.js';
import { IfGiven, IsInteger, IsPersonalText, Means } from '../../http/field-rules.js';
import { closed, oneOf, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { writeReceipt, writeReceiptFields } from '../../http/write-receipt.js';
import { defineInbound, type InboundCommand } from '../../ingest/ingest.js';
import type { Clock } from '../../kernel/clock.js';
import { Refusal } from '../../kernel/errors.js';
import type { Ids } from '../../kernel/ids.js';
import { PersonKeys } from '../../platform/personal-data/person-keys.js';
import { CLOCK, IDS } from '../../platform/ports.js';

/** A quoted local part may contain characters that no event accepts. */
const PRINTABLE = /^(?!sealed:)[^\s\p{Cc}\p{Cs}]*$/u;

export class JoinWaitlist extends RequestCommand<Joined> {
  /** Given if another system has its own account ids. */
  declare readonly accountId?: string;

  @Means('The address to write to. It is stored encrypted under a key of its person.')
  @IsEmail({}, { message: 'must be an e-mail address' })
  @MaxLength(254)
  @Matches(PRINTABLE, { message: 'must be an e-mail address without spaces and control characters' })
  email!: string;

  @IfGiven()
  @IsInteger('Priority class: 0 is served first, 9 last. Accepted from callers with a role only.', 0, 9)
  priority?: number;

  @Means('Language tag (BCP 47) to write in.')
  @IfGiven()
  @Matches(/^[A-Za-z0-9][A-Za-z0-9-]{1,34}$/, { message: 'must be a language tag, like en or en-GB' })
  locale?: string;

  @IfGiven()
  @IsPersonalText(2000, 'What the person wants to create. Stored encrypted, like the address.')
  reason?: string;
}

export interface Joined extends CommandResult {
  accountId: string;
  status: AccountStanding['status'];
}

/**
 * One entry per person: the first command that registers the person's keyed address hash decides which account is theirs;
 * the account's own stream decides whether it waits. After a crash between the two, a retry completes the rest.
 */
@CommandHandler(JoinWaitlist)
export class JoinWaitlistHandler implements ICommandHandler<JoinWaitlist> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(PersonKeys) private readonly keys: PersonKeys,
    @Inject(IDS) private readonly ids: Ids,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ context, ...joining }: JoinWaitlist): Promise<Joined> {
    const emailHash = this.keys.keyedHash(normalised(joining.email));
    const { eventId: _, ...asPerson } = context;
    const person = await this.transactor.transact(personStream, emailHash, asPerson, (state) =>
      registerPerson(state, joining.accountId ?? this.ids.next()),
    );
    const accountId = person.state.accountId!;
    const { state, events, position } = await this.transactor.transact(accountStream, accountId, context, (standing) =>
      joinWaitlist(standing, { ...joining, accountId, emailHash }, this.clock.now()),
    );
    return { accountId, status: state.status, changed: events.length > 0, position };
  }
}

/** A person may type the same address with other case or surrounding space. */
const normalised = (email: string): string => email.trim().normalize('NFKC').toLowerCase();

/** Handles a WaitlistJoined event of another system. */
export const joinWaitlistInbound = (commands: CommandBus): InboundCommand =>
  defineInbound({
    event: WaitlistJoined,
    key: ({ email }) => `person:${normalised(email)}`,
    handle: ({ emailHash: _, ...joining }, context) =>
      commands.execute(new JoinWaitlist().with({ ...joining, context })),
  });

export const JoinAnswer = closed({
  accountId: Type.Optional(text('The account of the person; for callers with a role.')),
  status: oneOf(
    ['unknown', 'waiting', 'left', 'onboarded'],
    'Its status; always `waiting` for callers without a role.',
  ),
  position: Type.Optional(writeReceiptFields.position),
});
export type JoinAnswer = Static<typeof JoinAnswer>;

/** A new person costs two appends, a known one none; the response time must not reveal which it was. */
const ALIKE_AFTER_MS = 200;

@Controller('v1/waitlist')
export class JoinWaitlistController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  @Post()
  @HttpCode(202)
  @PublicEndpoint()
  @Operation('Joins the waitlist', {
    description:
      'One entry per person: a repeated address belongs to the same account. A caller without a role always receives `waiting`, after the same time, whether the address is new, known or barred.',
    example: { email: 'ada@example.org', locale: 'en-GB' },
    answer: answer('Joined', 'The person is on the waitlist.', JoinAnswer, {
      accountId: '0196e0f0-0000-7000-8000-000000000001',
      status: 'waiting',
      position: '12',
    }),
    refusals: { 409: ['account-deactivated', 'account-suspended'] },
  })
  async joinWaitlist(@Body() joining: JoinWaitlist, @Context() context: Context): Promise<JoinAnswer> {
    if (context.actor.role === undefined) {
      const joined = this.commands.execute(joining.with({ priority: undefined, context }));
      await Promise.all([sleep(ALIKE_AFTER_MS), joined.catch(unlessRefused)]);
      return { status: 'waiting' };
    }
    const { accountId, status, position } = await this.commands.execute(joining.with({ context }));
    return { accountId, status, ...writeReceipt({ position }) };
  }
}

function unlessRefused(error: unknown): void {
  if (!(error instanceof Refusal)) throw error;
}

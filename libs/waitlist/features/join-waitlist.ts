import { setTimeout as sleep } from 'node:timers/promises';
import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { Command, CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { IsEmail, IsInt, Matches, Max, MaxLength, Min } from 'class-validator';
import {
  type AccountStanding,
  accountStream,
  joinWaitlist,
  personStream,
  registerPerson,
  WaitlistJoined,
} from '../../account/index.js';
import { Transactor } from '../../event-store/transact.js';
import type { CommandResult } from '../../event-store/write-result.js';
import { PublicEndpoint } from '../../http/credentials/route-access.js';
import { IfGiven, IsPersonalText } from '../../http/field-rules.js';
import { Context } from '../../http/request-context.js';
import { type WriteReceipt, writeReceipt } from '../../http/write-receipt.js';
import { defineInbound, type InboundCommand } from '../../ingest/ingest.js';
import type { Clock } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { Refusal } from '../../kernel/errors.js';
import type { Ids } from '../../kernel/ids.js';
import type { PersonKeys } from '../../platform/personal-data/person-keys.js';
import { CLOCK, IDS, PERSON_KEYS } from '../../platform/ports.js';

export interface Joining {
  email: string;
  /** Where another system keeps its own account ids. */
  accountId?: string;
  priority?: number;
  locale?: string;
  reason?: string;
}

export interface Joined extends CommandResult {
  accountId: string;
  status: AccountStanding['status'];
}

export class JoinWaitlist extends Command<Joined> {
  constructor(
    readonly joining: Joining,
    readonly context: CommandContext,
  ) {
    super();
  }
}

/**
 * One entry per person: whoever first registers the person's keyed address hash decides which account is theirs; the
 * account's own stream decides whether it waits. A crash in between is mended by the next try.
 */
@CommandHandler(JoinWaitlist)
export class JoinWaitlistHandler implements ICommandHandler<JoinWaitlist> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(PERSON_KEYS) private readonly keys: PersonKeys,
    @Inject(IDS) private readonly ids: Ids,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ joining, context }: JoinWaitlist): Promise<Joined> {
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

/** Addresses differ in case and surrounding space only by habit of typing. */
const normalised = (email: string): string => email.trim().normalize('NFKC').toLowerCase();

/** A WaitlistJoined of another system. */
export const joinWaitlistInbound = (commands: CommandBus): InboundCommand =>
  defineInbound({
    event: WaitlistJoined,
    key: ({ email }) => `person:${normalised(email)}`,
    handle: ({ emailHash: _, ...joining }, context) => commands.execute(new JoinWaitlist(joining, context)),
  });

/** A quoted local part may hold what no event takes. */
const PRINTABLE = /^(?!sealed:)[^\s\p{Cc}\p{Cs}]*$/u;

export class JoinWaitlistBody {
  @IsEmail({}, { message: 'must be an e-mail address' })
  @MaxLength(254)
  @Matches(PRINTABLE, { message: 'must be an e-mail address without spaces and control characters' })
  email!: string;

  @IfGiven()
  @IsInt()
  @Min(0)
  @Max(9)
  priority?: number;

  @IfGiven()
  @Matches(/^[A-Za-z0-9][A-Za-z0-9-]{1,34}$/, { message: 'must be a language tag, like en or en-GB' })
  locale?: string;

  @IfGiven()
  @IsPersonalText(2000)
  reason?: string;
}

/** Whoever has no role is told no more than that somebody waits. */
export interface JoinAnswer extends Partial<WriteReceipt> {
  accountId?: string;
  status: AccountStanding['status'];
}

/** A new person takes two appends, a known one none; nobody should be able to tell them apart by the time it takes. */
const ALIKE_AFTER_MS = 200;

@Controller('v1/waitlist')
export class JoinWaitlistController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  /**
   * The public door answers everybody alike, in what it says and after the same time: whether an address is known, barred
   * or let in already is nobody else's business. A caller with a role learns the account and where it stands.
   */
  @Post()
  @HttpCode(202)
  @PublicEndpoint()
  async join(@Body() body: JoinWaitlistBody, @Context() context: CommandContext): Promise<JoinAnswer> {
    if (context.actor.role === undefined) {
      const { priority: _, ...joining } = body;
      await Promise.all([sleep(ALIKE_AFTER_MS), this.joined(joining, context).catch(unlessRefused)]);
      return { status: 'waiting' };
    }
    const { accountId, status, position } = await this.joined(body, context);
    return { accountId, status, ...writeReceipt({ position }) };
  }

  private joined(joining: Joining, context: CommandContext): Promise<Joined> {
    return this.commands.execute(new JoinWaitlist(joining, context));
  }
}

function unlessRefused(error: unknown): void {
  if (!(error instanceof Refusal)) throw error;
}

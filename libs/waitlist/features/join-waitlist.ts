import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Matches } from 'class-validator';
import { type Static, Type } from 'typebox';
import {
  type AccountStanding,
  AddressClaims,
  joinWithAddress,
  offerOf,
  publishedPolicies,
  refuseGivenAsConfirmed,
  refuseReservedClass,
  refuseWhoeverJoins,
  WaitlistJoined,
} from '../../account/index.js';
import { RequestCommand } from '../../context/decision.js';
import { OwnEventIds } from '../../event-store/event-identity.js';
import { Transactor } from '../../event-store/transact.js';
import type { CommandResult } from '../../event-store/write-result.js';
import { PublicEndpoint } from '../../http/credentials/route-access.js';
import {
  IfGiven,
  IsFlag,
  IsInteger,
  IsLabel,
  IsMailbox,
  IsName,
  IsPersonalText,
  Means,
} from '../../http/field-rules.js';
import { closed, oneOf, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { writeReceipt, writeReceiptFields } from '../../http/write-receipt.js';
import { defineInbound, type InboundCommand } from '../../ingest/ingest.js';
import type { Clock } from '../../kernel/clock.js';
import { Refusal } from '../../kernel/errors.js';
import type { Ids } from '../../kernel/ids.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { InvalidAddress, mailboxOf, mailboxText } from '../../platform/personal-data/mailbox.js';
import { CLOCK, IDS, SETTINGS } from '../../platform/ports.js';
import { inForce, type Suspension, switchesStream, switchOf } from '../../switches/index.js';
import { alikeInTime } from './alike-in-time.js';

export class JoinWaitlist extends RequestCommand<Joined> {
  /** Given if another system has its own account ids. */
  declare readonly accountId?: string;

  @IsMailbox('The address to write to. It is stored encrypted under a key of its person.')
  email!: string;

  @IfGiven()
  @IsInteger('Priority class: 0 is served first, 9 last. Accepted from callers with a role only.', 0, 9)
  priority?: number;

  @IfGiven()
  @IsLabel(
    'Class, whose share of a cohort operators set: `general` by default. Accepted from callers with a role only; `staff` and `hold-out` from operators only.',
  )
  class?: string;

  @Means('Language tag (BCP 47) to write in.')
  @IfGiven()
  @Matches(/^[A-Za-z0-9][A-Za-z0-9-]{1,34}$/, { message: 'must be a language tag, like en or en-GB' })
  locale?: string;

  @IfGiven()
  @IsName('The version of the content policy to which the person agrees by joining: that in force, or one to come.')
  policyVersion?: string;

  @IfGiven()
  @IsPersonalText(2000, 'What the person wants to create. Stored encrypted, like the address.')
  reason?: string;

  @IfGiven()
  @IsFlag('Whether the address is known to be the person’s, so that nobody has to confirm it. From operators only.')
  addressConfirmed?: boolean;
}

export interface Joined extends CommandResult {
  accountId: string;
  status: AccountStanding['status'];
}

/** The roles that may name the class of staff, or of hold-outs. */
const OPERATORS = new Set(['operator', 'administrator']);

/** One entry per person: AddressClaims finds their account, or makes sure that the new one is the only one. */
@CommandHandler(JoinWaitlist)
export class JoinWaitlistHandler implements ICommandHandler<JoinWaitlist> {
  constructor(
    @Inject(AddressClaims) private readonly addresses: AddressClaims,
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(OwnEventIds) private readonly ownEventIds: OwnEventIds,
    @Inject(IDS) private readonly ids: Ids,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'waitlistConfirmUrl' | 'waitlistConfirmHours'>,
  ) {}

  async execute({ context, accountId: wanted, addressConfirmed, ...joining }: JoinWaitlist): Promise<Joined> {
    const isOperator = OPERATORS.has(context.actor.role ?? '');
    refuseReservedClass(joining.class, isOperator);
    refuseGivenAsConfirmed(addressConfirmed, isOperator);
    const isAnonymous = context.actor.role === undefined && context.eventId === undefined;
    const gather = async () => {
      const [suspension, published] = await Promise.all([
        this.suspension(),
        joining.policyVersion === undefined
          ? undefined
          : publishedPolicies(this.transactor, this.clock.now(), happenedAt(context)),
      ]);
      return { suspension, ...(published && { published }) };
    };
    // Before anything is read of a person: how long that takes depends on the address.
    if (isAnonymous) refuseWhoeverJoins(joining.policyVersion, { isAnonymous, ...(await gather()) });
    const offer = offerOf(this.ownEventIds, this.settings, this.ids.next());
    const { accountId, state, events, position } = await this.addresses.decide(
      { email: joining.email, ...(wanted !== undefined && { accountId: wanted }), context, gather },
      (accountId, emailHash, gathered) => (holder, isHeld) => {
        const confirming = { isGivenAsConfirmed: addressConfirmed === true, offer: offer(accountId) };
        const facts = { now: this.clock.now(), isAnonymous, ...confirming, ...gathered };
        return joinWithAddress(holder, isHeld, { ...joining, accountId, emailHash }, facts);
      },
    );
    return { accountId, status: state.standing.status, changed: events.length > 0, position };
  }

  /** From the stream itself, so that no join that begins after a suspension was answered escapes it. */
  private async suspension(): Promise<Suspension | undefined> {
    const { state } = await this.transactor.load(switchesStream, undefined);
    return inForce(switchOf(state, { action: 'join' }), this.clock.now());
  }
}

/** Of an event of another system; the policy may have changed since. */
const happenedAt = ({ time, eventId }: JoinWaitlist['context']): number | undefined =>
  time === undefined || eventId === undefined ? undefined : Date.parse(time);

/** Handles a WaitlistJoined event of another system. */
export const joinWaitlistInbound = (commands: CommandBus): InboundCommand =>
  defineInbound({
    event: WaitlistJoined,
    keys: ({ accountId, email }) => [`account:${accountId}`, `person:${personOf(email)}`],
    handle: ({ emailHash: _, ...joining }, context) =>
      commands.execute(new JoinWaitlist().with({ ...joining, context })),
  });

function personOf(email: string): string {
  try {
    return mailboxText(mailboxOf(email));
  } catch (error) {
    if (error instanceof InvalidAddress) return email;
    throw error;
  }
}

export const JoinAnswer = closed({
  accountId: Type.Optional(text('The account of the person; for callers with a role.')),
  status: oneOf(
    ['unknown', 'waiting', 'left', 'onboarded'],
    'Its status; always `waiting` for callers without a role.',
  ),
  position: Type.Optional(writeReceiptFields.position),
});
export type JoinAnswer = Static<typeof JoinAnswer>;

/** What depends on no account. */
const SHOWN_TO_ANYBODY = new Set(['join-suspended', 'policy-withdrawn', 'policy-outdated', 'policy-unreadable']);

@Controller('v1/waitlist')
export class JoinWaitlistController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  @Post()
  @HttpCode(202)
  @PublicEndpoint('service', 'operator', 'administrator')
  @Operation('Joins the waitlist', {
    description:
      'One entry per person: a repeated address belongs to the same account. A caller without a credential always receives `waiting`, after the same time, whether the address is new, known or barred, and puts nobody back who has left. While joining is suspended it always receives `join-suspended`. With `policyVersion`, joining also accepts that version of the content policy, unless the person is on the waitlist already. Where addresses have to be confirmed, the person is sent a link, and is not chosen before it is used; joining again without a credential sends another one, at growing intervals.',
    example: { email: 'ada@example.org', locale: 'en-GB' },
    answer: answer('Joined', 'The person is on the waitlist.', JoinAnswer, {
      accountId: '0196e0f0-0000-7000-8000-000000000001',
      status: 'waiting',
      position: '12',
    }),
    refusals: {
      404: ['policy-unknown'],
      409: [
        'account-deactivated',
        'account-suspended',
        'address-differs',
        'join-suspended',
        'class-reserved',
        'confirmation-reserved',
        'policy-withdrawn',
        'policy-outdated',
        'policy-unreadable',
      ],
    },
  })
  async joinWaitlist(@Body() joining: JoinWaitlist, @Context() context: Context): Promise<JoinAnswer> {
    if (context.actor.role === undefined) {
      const own = { priority: undefined, class: undefined, addressConfirmed: undefined, context };
      // A new person costs three appends, a known one none.
      const outcome = await alikeInTime(this.commands.execute(joining.with(own)));
      if (outcome.status === 'rejected' && !saysSomethingOfAPerson(outcome.reason)) throw outcome.reason;
      return { status: 'waiting' };
    }
    const { accountId, status, position } = await this.commands.execute(joining.with({ context }));
    return { accountId, status, ...writeReceipt({ position }) };
  }
}

/** Of the other refusals a person must know, not to believe to be on the waitlist. */
const saysSomethingOfAPerson = (error: unknown): boolean =>
  error instanceof Refusal && !SHOWN_TO_ANYBODY.has(error.code);

import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Static } from 'typebox';
import { RequestCommand } from '../../context/decision.js';
import { Transactor } from '../../event-store/transact.js';
import { ACCOUNTS_PER_EVENT, MAX_PER_WEEK } from '../../events/schemas.js';
import { Roles } from '../../http/credentials/route-access.js';
import { AreEntityIds, IfGiven, IsInteger, IsSet, IsShortId } from '../../http/field-rules.js';
import { Located } from '../../http/location.js';
import { closed, count, instant, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { writeReceipt, writeReceiptFields } from '../../http/write-receipt.js';
import { type Clock, DAY_MS } from '../../kernel/clock.js';
import { counted } from '../../kernel/counted.js';
import { Refusal } from '../../kernel/errors.js';
import type { Ids } from '../../kernel/ids.js';
import { CLOCK, IDS } from '../../platform/ports.js';
import { hasSameAccounts } from '../admission.js';
import { holdForWaiting, holdPlaces } from '../hold-places.js';
import { GateWatch } from '../processes/gate-watch.js';
import { cohortSelection } from '../queries/cohort-list.js';
import { HeldBatches } from '../queries/held-batches.js';
import { PeopleLeft } from '../queries/people-left.js';
import { classesOf, refuseUnlessInvitable } from '../queries/waiting-turns.js';
import { rolloutStream } from '../rollout.js';
import { refuseSelectionBesideAccounts } from './admit-cohort.js';

const DEFAULT_DAYS = 7;
const MAX_DAYS = 90;

const BatchSentAnswer = closed({
  batchId: text('The batch.'),
  places: count('The places that it got. Those for which nobody waits are freed right after.'),
  selection: cohortSelection,
  until: instant('Until when the accounts can accept.'),
  ...writeReceiptFields,
});
export type BatchSentAnswer = Static<typeof BatchSentAnswer>;

export class SendInvitations extends RequestCommand<BatchSentAnswer> {
  @IfGiven()
  @IsInteger(
    'The number of people to invite from the front of the waitlist. If absent, as many as wait and the rate allows.',
    1,
    MAX_PER_WEEK,
  )
  size?: number;

  @IfGiven()
  @IsSet(1, ACCOUNTS_PER_EVENT)
  @AreEntityIds('Exactly these accounts instead of a size; each has to be in the line.')
  accounts?: string[];

  @IfGiven()
  @IsInteger('Only this priority class of the waitlist.', 0, 9)
  priority?: number;

  @IfGiven()
  @IsShortId('The id of the batch, which makes the request safe to retry; generated if absent.')
  batchId?: string;

  @IfGiven()
  @IsInteger(`For how many days they can accept; ${DEFAULT_DAYS} by default.`, 1, MAX_DAYS)
  days?: number;
}

type BatchRequest = Pick<SendInvitations, 'size' | 'accounts' | 'priority' | 'days'> & { batchId: string };

/** Holds the places of a batch; the process `inviting` chooses its accounts and invites them. */
@CommandHandler(SendInvitations)
export class SendInvitationsHandler implements ICommandHandler<SendInvitations> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(HeldBatches) private readonly batches: HeldBatches,
    @Inject(PeopleLeft) private readonly peopleLeft: PeopleLeft,
    @Inject(GateWatch) private readonly gate: GateWatch,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  async execute({ context, batchId = this.ids.next(), size, accounts, priority, days }: SendInvitations) {
    const request = { batchId, size, accounts, priority, days };
    refuseSelectionBesideAccounts(request);
    const known = await this.sentBefore(request);
    if (known) return known;
    await this.gate.beforeAdmission();
    await this.transactor.transact(
      rolloutStream,
      undefined,
      context,
      (state, decide) => decide(state, this.commandOf(request)),
      () => this.decisionOn(request),
    );
    return (await this.sentBefore(request))!;
  }

  private commandOf({ days = DEFAULT_DAYS, ...request }: BatchRequest) {
    const now = this.clock.now();
    return { ...request, until: now + days * DAY_MS, now };
  }

  private async decisionOn(request: BatchRequest): Promise<typeof holdPlaces> {
    // Refuses what does not depend on the waitlist before reading the waitlist.
    const { state } = await this.transactor.load(rolloutStream, undefined);
    holdPlaces(state, this.commandOf({ ...request, size: request.size ?? 1 }));
    if (request.accounts) {
      await refuseUnlessInvitable(this.transactor, request.accounts);
      const classOf = await classesOf(this.transactor, request.accounts);
      return (current, command) => holdPlaces(current, { ...command, classOf });
    }
    if (request.size !== undefined) return holdPlaces;
    const waiting = await this.peopleLeft.count(request.priority);
    return (current, command) => holdForWaiting(current, command, waiting);
  }

  /** @throws Refusal batch-known */
  private async sentBefore(request: BatchRequest): Promise<BatchSentAnswer | undefined> {
    const { batchId, size, accounts, priority, days } = request;
    const known = await this.batches.find(batchId);
    if (!known) return undefined;
    const { data, position } = known.event;
    // A request without a size repeats one of any size: how many wait may have changed.
    const isSame =
      (size === undefined || size === data.size) &&
      priority === data.priority &&
      (days === undefined || Date.parse(data.until) - Date.parse(data.at) === days * DAY_MS) &&
      hasSameAccounts(accounts, data.accounts);
    if (!isSame) {
      throw new Refusal(
        'batch-known',
        `batch ${batchId} was sent already, with ${counted(data.size, 'place')} (${data.selection}); repeat that request or use another batchId`,
      );
    }
    const { size: places, selection, until } = data;
    return { batchId, places, selection, until, ...writeReceipt({ position }) };
  }
}

@Controller('v1/invitations')
export class SendInvitationsController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  @Post()
  @HttpCode(202)
  @Located('/v1/invitations/{batchId}')
  @Roles('operator', 'administrator')
  @Operation('Invites people of the waitlist, and holds a place of the rate for each', {
    description:
      'The front of the waitlist is invited, class by class as the plan shares places, or the listed accounts. A place counts against the rate from now on, until a cohort onboards who accepted, or until all invitations of the batch are decided, after its end; no request gives it back sooner. An invited account leaves the line; an invitation that nobody uses puts it back at its old place. With a link to accept (GATEHOUSE_NOTICE_ACCEPT_URL) and a channel for notices, each person is notified; otherwise the system in front of Gatehouse writes to them.',
    example: { batchId: 'spring', size: 1000, days: 7 },
    answer: answer('InvitationsSent', 'The places are held; the accounts are invited right after.', BatchSentAnswer, {
      batchId: 'spring',
      places: 1000,
      selection: 'first-come',
      until: '2022-05-25T09:00:00.000Z',
      position: '1041',
    }),
    refusals: {
      409: [
        'onboarding-paused',
        'gate-braked',
        'phase-refuses',
        'ceiling-reached',
        'rate-not-set',
        'rate-exceeded',
        'nobody-waiting',
        'not-waiting',
        'cohort-in-progress',
        'batch-known',
      ],
      503: ['not-caught-up'],
    },
  })
  sendInvitations(@Body() command: SendInvitations, @Context() context: Context): Promise<BatchSentAnswer> {
    return this.commands.execute(command.with({ context }));
  }
}

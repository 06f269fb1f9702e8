import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Static } from 'typebox';
import { RequestCommand } from '../../context/decision.js';
import { Transactor } from '../../event-store/transact.js';
import { ACCOUNTS_PER_EVENT } from '../../events/schemas.js';
import { Roles } from '../../http/credentials/route-access.js';
import { AreEntityIds, IfGiven, IsInteger, IsName, IsSet } from '../../http/field-rules.js';
import { Located } from '../../http/location.js';
import { closed, count, instant, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { writeReceipt, writeReceiptFields } from '../../http/write-receipt.js';
import { type Clock, DAY_MS, toIso } from '../../kernel/clock.js';
import type { Ids } from '../../kernel/ids.js';
import { CLOCK, IDS } from '../../platform/ports.js';
import { batchOf } from '../held-places.js';
import { holdPlaces } from '../hold-places.js';
import { GateWatch } from '../processes/gate-watch.js';
import { refuseUnlessInvitable } from '../queries/waiting-turns.js';
import { rolloutStream } from '../rollout.js';

const DEFAULT_DAYS = 7;
const MAX_DAYS = 90;

const BatchSentAnswer = closed({
  batchId: text('The batch.'),
  places: count('The places that it holds.'),
  until: instant('Until when the accounts can accept.'),
  ...writeReceiptFields,
});
export type BatchSentAnswer = Static<typeof BatchSentAnswer>;

export class SendInvitations extends RequestCommand<BatchSentAnswer> {
  @IsSet(1, ACCOUNTS_PER_EVENT)
  @AreEntityIds('The accounts to invite; each has to be in the line.')
  accounts!: string[];

  @IfGiven()
  @IsName('The id of the batch, which makes the request safe to retry; generated if absent.')
  batchId?: string;

  @IfGiven()
  @IsInteger(`For how many days they can accept; ${DEFAULT_DAYS} by default.`, 1, MAX_DAYS)
  days?: number;
}

/** Holds the places of a batch; the process `inviting` invites its accounts. */
@CommandHandler(SendInvitations)
export class SendInvitationsHandler implements ICommandHandler<SendInvitations> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(GateWatch) private readonly gate: GateWatch,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  async execute({ accounts, batchId = this.ids.next(), days = DEFAULT_DAYS, context }: SendInvitations) {
    const before = await this.transactor.load(rolloutStream, undefined);
    if (!batchOf(before.state.held, batchId)) {
      await refuseUnlessInvitable(this.transactor, accounts);
      await this.gate.beforeAdmission();
    }
    const { state, position } = await this.transactor.transact(rolloutStream, undefined, context, (rollout) => {
      const now = this.clock.now();
      return holdPlaces(rollout, { batchId, accounts, until: now + days * DAY_MS, now });
    });
    const { accounts: held, until } = batchOf(state.held, batchId)!;
    return { batchId, places: held.length, until: toIso(until), ...writeReceipt({ position }) };
  }
}

@Controller('v1/invitations')
export class SendInvitationsController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  @Post()
  @HttpCode(202)
  @Located('/v1/invitations/{batchId}')
  @Roles('operator', 'administrator')
  @Operation('Invites accounts of the waitlist, and holds a place of the rate for each', {
    description:
      'A place counts against the rate from now on, until a cohort onboards who accepted, or until each invitation of the batch is decided. An invited account leaves the line; an invitation that nobody uses puts it back at its old place. Gatehouse writes to nobody: the system in front of it does, and records who accepts.',
    example: { batchId: 'spring', accounts: ['acc-1', 'acc-2'], days: 7 },
    answer: answer('InvitationsSent', 'The places are held; the accounts are invited right after.', BatchSentAnswer, {
      batchId: 'spring',
      places: 2,
      until: '2022-05-25T09:00:00.000Z',
      position: '1041',
    }),
    refusals: {
      409: ['onboarding-paused', 'gate-braked', 'rate-not-set', 'rate-exceeded', 'not-waiting', 'batch-known'],
      503: ['not-caught-up'],
    },
  })
  sendInvitations(@Body() command: SendInvitations, @Context() context: Context): Promise<BatchSentAnswer> {
    return this.commands.execute(command.with({ context }));
  }
}

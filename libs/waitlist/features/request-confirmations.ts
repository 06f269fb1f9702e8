import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import pMap from 'p-map';
import { type Static, Type } from 'typebox';
import { confirmationOff, offerOf, requestConfirmation, type WaitingTurn, waitingTurn } from '../../account/index.js';
import { OwnEventIds } from '../../event-store/event-identity.js';
import { Transactor } from '../../event-store/transact.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsFlag, IsInteger, IsLabel, IsReason } from '../../http/field-rules.js';
import { closed, count, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { type Clock, DAY_MS } from '../../kernel/clock.js';
import { NotFound, Refusal } from '../../kernel/errors.js';
import type { Ids } from '../../kernel/ids.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { CLOCK, IDS, SETTINGS } from '../../platform/ports.js';
import { Waitlist } from '../queries/waitlist.js';
import { partCommand } from './part-command.js';

const CONCURRENT_ACCOUNTS = 64;
const PART = 100;

const ConfirmationsAnswer = closed({
  asked: count('People who get another link, or would get one.'),
  tooSoon: count('People who have had one too short a time ago.'),
  others: count('People who have left, or confirmed their address, since they were listed.'),
  nextCursor: Type.Optional(text('Pass it as `cursor`; absent after the last part.')),
});
export type ConfirmationsAnswer = Static<typeof ConfirmationsAnswer>;

export class RequestConfirmations extends partCommand<ConfirmationsAnswer>(PART) {
  @IsReason('Why. Stored with each request.')
  reason!: string;

  @IfGiven()
  @IsLabel('Only people of this class. Hold-outs are left out unless it is theirs.')
  class?: string;

  @IfGiven()
  @IsInteger('Only people who joined so many days ago, or earlier.', 0, 3_650)
  olderThanDays?: number;

  @IfGiven()
  @IsFlag('Only count whom it would ask.')
  dryRun?: boolean;
}

type Outcome = 'asked' | 'tooSoon' | 'others';

/** Asks people again who have to confirm their address, part by part. The account's own stream decides about each. */
@CommandHandler(RequestConfirmations)
export class RequestConfirmationsHandler implements ICommandHandler<RequestConfirmations> {
  constructor(
    @Inject(Waitlist) private readonly waitlist: Waitlist,
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(OwnEventIds) private readonly ownEventIds: OwnEventIds,
    @Inject(IDS) private readonly ids: Ids,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'waitlistConfirmUrl' | 'waitlistConfirmHours'>,
  ) {}

  async execute(command: RequestConfirmations): Promise<ConfirmationsAnswer> {
    if (this.settings.waitlistConfirmUrl === undefined) throw confirmationOff();
    const { class: name, olderThanDays = 0, limit = PART, cursor } = command;
    const joinedBefore = this.clock.now() - olderThanDays * DAY_MS;
    const part = await this.waitlist.unconfirmedOf({ class: name, joinedBefore }, limit, cursor);
    const counts = { asked: 0, tooSoon: 0, others: 0 };
    const askOne = async (accountId: string) => {
      counts[await this.ask(accountId, command)]++;
    };
    await pMap(part.items, askOne, { concurrency: CONCURRENT_ACCOUNTS });
    return { ...counts, ...(part.nextCursor !== undefined && { nextCursor: part.nextCursor }) };
  }

  private async ask(accountId: string, { reason, dryRun, context }: RequestConfirmations): Promise<Outcome> {
    const offer = offerOf(this.ownEventIds, this.settings, this.ids.next())(accountId);
    const decide = (turn: WaitingTurn) =>
      requestConfirmation(turn, { accountId, offer, reason, isOperator: false }, this.clock.now());
    try {
      const events = dryRun
        ? decide((await this.transactor.load(waitingTurn, accountId)).state)
        : (await this.transactor.transact(waitingTurn, accountId, context, decide)).events;
      return events.length > 0 ? 'asked' : 'others';
    } catch (error) {
      if (error instanceof NotFound) return 'others';
      if (!(error instanceof Refusal)) throw error;
      return error.code === 'confirmation-too-soon' ? 'tooSoon' : 'others';
    }
  }
}

@Controller('v1/waitlist')
export class RequestConfirmationsController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  @Post('confirmation-requests')
  @HttpCode(200)
  @Roles('operator', 'administrator')
  @Operation('Sends people another link who have to confirm their address, a part of them at a time', {
    description:
      'In the order of joining. Nobody gets a link sooner than by a request for this person alone, so a repeat asks nobody twice and an interrupted run is simply repeated. People who were never asked are left out. Each request names who made it, and why.',
    example: { reason: 'the first mails were lost', olderThanDays: 7 },
    answer: answer('ConfirmationRequests', 'The part was asked, or counted.', ConfirmationsAnswer, {
      asked: 98,
      tooSoon: 1,
      others: 1,
    }),
    refusals: { 409: ['confirmation-off'] },
  })
  requestConfirmations(@Body() body: RequestConfirmations, @Context() context: Context): Promise<ConfirmationsAnswer> {
    return this.commands.execute(body.with({ context }));
  }
}

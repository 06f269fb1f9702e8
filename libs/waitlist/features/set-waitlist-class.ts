import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import pMap from 'p-map';
import type { Static } from 'typebox';
import { setWaitlistClass, waitlistClassStream } from '../../account/index.js';
import { RequestCommand } from '../../context/decision.js';
import { Transactor } from '../../event-store/transact.js';
import { ACCOUNTS_PER_EVENT } from '../../events/schemas.js';
import { Roles } from '../../http/credentials/route-access.js';
import { AreEntityIds, IsLabel, IsReason, IsSet } from '../../http/field-rules.js';
import { closed, count, list, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { writeReceiptFields } from '../../http/write-receipt.js';
import { NotFound, Refusal } from '../../kernel/errors.js';

const CONCURRENT_ACCOUNTS = 64;

const ClassAnswer = closed({
  class: text('The class.'),
  changed: count('The accounts that were in another class before.'),
  refused: list(
    closed({ accountId: text('The account.'), why: text('Why its class was not set.') }),
    'The accounts whose class was not set.',
  ),
  ...writeReceiptFields,
});
export type ClassAnswer = Static<typeof ClassAnswer>;

export class SetWaitlistClass extends RequestCommand<ClassAnswer> {
  @IsLabel('The class. `staff` is chosen before every other, `hold-out` only by a listed cohort.')
  class!: string;

  @IsSet(1, ACCOUNTS_PER_EVENT)
  @AreEntityIds('The accounts to put into it.')
  accounts!: string[];

  @IsReason('Why.')
  reason!: string;
}

@CommandHandler(SetWaitlistClass)
export class SetWaitlistClassHandler implements ICommandHandler<SetWaitlistClass> {
  constructor(@Inject(Transactor) private readonly transactor: Transactor) {}

  async execute({ class: name, accounts, reason, context }: SetWaitlistClass): Promise<ClassAnswer> {
    const refused: ClassAnswer['refused'] = [];
    let changed = 0;
    let last = 0;
    const setOne = async (accountId: string) => {
      try {
        const { events, position } = await this.transactor.transact(waitlistClassStream, accountId, context, (state) =>
          setWaitlistClass(state, { accountId, class: name, reason }),
        );
        changed += events.length;
        last = Math.max(last, position);
      } catch (error) {
        if (!(error instanceof Refusal || error instanceof NotFound)) throw error;
        refused.push({ accountId, why: error.message });
      }
    };
    await pMap(accounts, setOne, { concurrency: CONCURRENT_ACCOUNTS });
    return { class: name, changed, refused, position: String(last) };
  }
}

@Controller('v1/waitlist')
export class SetWaitlistClassController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  @Post('classes')
  @HttpCode(200)
  @Roles('operator', 'administrator')
  @Operation('Puts accounts into a class of the waitlist; a repeat changes nothing', {
    description:
      'Their places in the order of joining stay. `PUT /v1/rollout/plan/classes` sets how the classes share cohorts. An account that leaves and rejoins keeps its class.',
    example: { class: 'artists', accounts: ['acc-1', 'acc-2'], reason: 'the artist programme' },
    answer: answer('WaitlistClass', 'The accounts are in the class, except those refused.', ClassAnswer, {
      class: 'artists',
      changed: 1,
      refused: [{ accountId: 'acc-2', why: 'account acc-2 is unknown; check the id, or let it join the waitlist' }],
      position: '1043',
    }),
  })
  setWaitlistClass(@Body() body: SetWaitlistClass, @Context() context: Context): Promise<ClassAnswer> {
    return this.commands.execute(body.with({ context }));
  }
}

import { hash } from 'node:crypto';
import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { IsIn } from 'class-validator';
import type { Static } from 'typebox';
import { RequestCommand } from '../../context/decision.js';
import { Transactor } from '../../event-store/transact.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsFlag, IsLabel, IsReason, Means } from '../../http/field-rules.js';
import { closed, count, flag, list, oneOf, orNull, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import type { Clock } from '../../kernel/clock.js';
import { Refusal } from '../../kernel/errors.js';
import { monthOf, monthsThrough, monthTree, SLICES, slicesOfMonth } from '../../platform/personal-data/data-class.js';
import { PersonKeys } from '../../platform/personal-data/person-keys.js';
import { CLOCK } from '../../platform/ports.js';
import { keysStream, noteDestroyed } from '../keys.js';
import { HeldSlices } from '../queries/held-slices.js';
import { RETAINED_CLASSES, type RetainedClass, refuseMonth } from '../retention.js';

const RetentionAnswer = closed({
  dataClass: oneOf(RETAINED_CLASSES, 'The class of data.'),
  through: text('The last month, in UTC.'),
  dryRun: flag('Whether nothing was destroyed.'),
  held: list(text('An account.'), 'The accounts under a hold, whose data of these months is kept.'),
  keptShare: count('How many of 256 slices of the people are kept with them, until the holds are lifted.'),
  scope: text('Class, months and kept slices in short: give it with `dryRun` off, so that nothing else is destroyed.'),
  keyEpoch: orNull(count('The epoch of the key store that has the keys no more; null for a dry run.')),
});
export type RetentionAnswer = Static<typeof RetentionAnswer>;

export class ApplyRetention extends RequestCommand<RetentionAnswer> {
  @Means('The class of data.')
  @IsIn(RETAINED_CLASSES)
  dataClass!: RetainedClass;

  @IsLabel('The last month, in UTC, like `202205`: all of it and what is older.')
  through!: string;

  @IsFlag('Whether to only say what would be destroyed.')
  dryRun!: boolean;

  @IfGiven()
  @IsLabel('`scope` of the dry run: refused if holds have changed since, so that only what was counted is destroyed.')
  scope?: string;

  @IsReason('Why. No personal data.')
  reason!: string;
}

/** Destroys the keys of a class of data of all months through one. Nothing is deleted from the log. */
@CommandHandler(ApplyRetention)
export class ApplyRetentionHandler implements ICommandHandler<ApplyRetention> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(PersonKeys) private readonly keys: PersonKeys,
    @Inject(HeldSlices) private readonly holds: HeldSlices,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * @throws InvalidInput for a month that is not over; Refusal retention-differs; NotCaughtUp if the holds can't be known in
   *   time
   */
  async execute({ dataClass, through, dryRun, scope: counted, reason, context }: ApplyRetention) {
    refuseMonth(through, monthOf(this.clock.now()));
    const { accounts: held, slices } = await this.holds.find(SLICES);
    const scope = scopeOf(dataClass, through, slices);
    if (counted !== undefined && counted !== scope)
      throw new Refusal(
        'retention-differs',
        `other people are under a hold now than in the dry run ${counted}, or it was of another class or month: repeat the dry run`,
      );
    const found = { dataClass, through, dryRun, held, keptShare: slices.size, scope };
    if (dryRun) return { ...found, keyEpoch: null };
    const periods = monthsThrough(through).flatMap((month) =>
      slices.size === 0 ? [monthTree(dataClass, month)] : slicesOfMonth(dataClass, month, slices),
    );
    const keyEpoch = await this.keys.destroy({ periods });
    await this.transactor.transact(keysStream, undefined, context, (state) =>
      noteDestroyed(state, { keyEpoch, people: [], dataClass, through, reason }),
    );
    return { ...found, keyEpoch };
  }
}

const scopeOf = (dataClass: RetainedClass, through: string, kept: ReadonlySet<number>): string =>
  hash('sha256', JSON.stringify([dataClass, through, [...kept].sort((a, b) => a - b)])).slice(0, 16);

@Controller('v1/retention-runs')
export class ApplyRetentionController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  @Post()
  @HttpCode(200)
  @Roles('compliance', 'administrator')
  @Operation('Makes a class of personal data of months that are over unreadable, for good', {
    description:
      'Destroys the keys of the class for these months, for everybody but those under a hold. The log stays as it is. A repeat, also with `dryRun` off, changes nothing.',
    example: { dataClass: 'prompts', through: '202104', dryRun: true, reason: 'prompts are kept for a year' },
    answer: answer('Retention', 'What was destroyed, or would be.', RetentionAnswer, {
      dataClass: 'prompts',
      through: '202104',
      dryRun: true,
      held: ['acc-1'],
      keptShare: 1,
      scope: '1f0c9a4b7d2e6853',
      keyEpoch: null,
    }),
    refusals: { 409: ['retention-differs'], 503: ['not-caught-up'] },
  })
  applyRetention(@Body() request: ApplyRetention, @Context() context: Context): Promise<RetentionAnswer> {
    return this.commands.execute(request.with({ context }));
  }
}

import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { IsString, MaxLength } from 'class-validator';
import type { Static } from 'typebox';
import { AuditTrail } from '../../audit/index.js';
import { RequestCommand } from '../../context/decision.js';
import type { EventStore } from '../../event-store/event-store.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsInteger, IsReason, Means } from '../../http/field-rules.js';
import { closed, count, list, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { writeReceiptFields } from '../../http/write-receipt.js';
import { Refusal } from '../../kernel/errors.js';
import type { Settings } from '../../platform/configuration/settings.js';
import type { Pool } from '../../platform/database/database.js';
import { EVENT_STORE, POOL, SETTINGS } from '../../platform/ports.js';
import { logKeys, offeredKeys, replaceKeys } from '../leaves/log-keys.js';
import { originOf } from '../leaves/origin.js';

const MAX_KEY_LENGTH = 500;
const WEEK_HOURS = 168;
const YEAR_HOURS = 8_760;

const KeyRotationAnswer = closed({
  origin: text('The name of the log.'),
  newKey: text('The key that signs from now on, as `name+hash+key`.'),
  oldKeys: list(text('A key as `name+hash+key`.'), 'The keys that it replaces.'),
  overlapHours: count('For how many hours the checkpoints have the signatures of these too.'),
  ...writeReceiptFields,
});
export type KeyRotationAnswer = Static<typeof KeyRotationAnswer>;

export class RotateProofKey extends RequestCommand<KeyRotationAnswer> {
  @IsReason('Why; no personal data.')
  reason!: string;

  @IfGiven()
  @IsString()
  @MaxLength(MAX_KEY_LENGTH)
  @Means('The new key as `name+hash+key`; by default the only one that a projector has and that does not sign yet.')
  key?: string;

  @IfGiven()
  @IsInteger('For how many hours the old key signs too; a week by default.', 0, YEAR_HOURS)
  overlapHours?: number;
}

/** Puts a new key in the place of the one that signs checkpoints. Only a key that a projector has can be: it must be able to sign. */
@CommandHandler(RotateProofKey)
export class RotateProofKeyHandler implements ICommandHandler<RotateProofKey> {
  constructor(
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(POOL) private readonly pool: Pool,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
  ) {}

  /** The event is stored first: no key signs of which nobody can read who chose it. A repeat ends what was begun. */
  async execute({ key, overlapHours = WEEK_HOURS, reason, context }: RotateProofKey): Promise<KeyRotationAnswer> {
    const origin = originOf(this.settings, this.epoch.current);
    const keys = (await logKeys(this.pool)).filter((one) => one.origin === origin && one.until === null);
    const newKey = key ?? (await this.onlyOffered(origin));
    // Also a repeat of what was done.
    if (keys.some(({ verifier }) => verifier === newKey))
      return { origin, newKey, oldKeys: [], overlapHours: 0, position: String(await this.store.head()) };
    if (!(await offeredKeys(this.pool, origin)).includes(newKey))
      throw new Refusal(
        'key-not-offered',
        'no projector has that key under the name of this log: set GATEHOUSE_PROOF_NEXT_KEY on each and restart them; "gatehouse audit keys" shows the keys that they have',
      );
    const oldKeys = keys.map(({ verifier }) => verifier);
    const data = { origin, newKey, oldKeys, overlapHours, reason };
    const position = await this.audit.record({ type: 'ProofKeyRotated', data }, context, `proof-key-rotated:${newKey}`);
    await replaceKeys(this.pool, origin, { verifier: newKey, overlapHours });
    return { origin, newKey, oldKeys, overlapHours, position: String(position) };
  }

  private async onlyOffered(origin: string): Promise<string> {
    const [only, ...more] = await offeredKeys(this.pool, origin);
    if (only === undefined)
      throw new Refusal(
        'no-new-key',
        'no projector has a key that does not sign yet: set GATEHOUSE_PROOF_NEXT_KEY, or put proof-next.key into the data directory, and restart them',
      );
    if (more.length > 0)
      throw new Refusal(
        'several-new-keys',
        `projectors have several new keys: name one of ${[only, ...more].join(', ')}`,
      );
    return only;
  }
}

@Controller('v1/log-key-rotations')
export class RotateProofKeyController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  @Post()
  @HttpCode(200)
  @Roles('administrator')
  @Operation('Puts a new key in the place of the one that signs the checkpoints of the log', {
    description:
      'It is recorded in the log before the new key signs: who did that and why, and both keys (`ProofKeyRotated`). For a while each checkpoint has both signatures, so that verifiers can change their key. A repeat changes nothing.',
    example: { reason: 'yearly', overlapHours: WEEK_HOURS },
    answer: answer('KeyRotation', 'The keys.', KeyRotationAnswer),
    refusals: { 409: ['no-new-key', 'several-new-keys', 'key-not-offered'] },
  })
  rotateProofKey(@Body() request: RotateProofKey, @Context() context: Context): Promise<KeyRotationAnswer> {
    return this.commands.execute(request.with({ context }));
  }
}

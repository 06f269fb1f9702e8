import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { CommandRoute, RequestCommand } from '../../context/decision.js';
import { Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IsReason } from '../../http/field-rules.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import type { Ids } from '../../kernel/ids.js';
import { rootKeyFixed } from '../../platform/key-store/root-key.js';
import { PersonKeys } from '../../platform/personal-data/person-keys.js';
import { IDS } from '../../platform/ports.js';
import { requestRotation, rootKeyStream } from '../root-key.js';

export class RotateRootKey extends RequestCommand {
  @IsReason('Why. No personal data.')
  reason!: string;
}

@CommandHandler(RotateRootKey)
export class RotateRootKeyHandler implements ICommandHandler<RotateRootKey> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(PersonKeys) private readonly keys: PersonKeys,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  /** @throws Refusal root-key-fixed */
  async execute({ reason, context }: RotateRootKey): Promise<CommandResult> {
    if (this.keys.store.rootKey.keeper === 'setting') throw rootKeyFixed();
    const rotationId = this.ids.next();
    return commandResult(
      await this.transactor.transact(rootKeyStream, undefined, context, (state) =>
        requestRotation(state, { rotationId, reason }),
      ),
    );
  }
}

@Controller('v1/root-key')
export class RotateRootKeyController extends CommandRoute {
  @Post('rotations')
  @HttpCode(200)
  @Roles('administrator')
  @Operation(
    'Requests that the root key, which encrypts the key store, is replaced by a new one; a repeat changes nothing',
    {
      description:
        'It is carried out within seconds: the root file and the buckets are encrypted anew, so that the former root key decrypts nothing of the key store any more. Keys of people stay, and so does what they encrypt. The master key’s file is replaced, or the program of GATEHOUSE_ROOT_KEY_COMMAND encrypts the root again. `GET /v1/root-key` shows which processes have not followed yet.',
      example: { reason: 'yearly' },
      answer: receipt('Requested.'),
      refusals: { 409: ['root-key-fixed'] },
    },
  )
  rotateRootKey(@Body() request: RotateRootKey, @Context() context: Context) {
    return this.receipt(request.with({ context }));
  }
}

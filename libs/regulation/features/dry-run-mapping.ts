import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Static } from 'typebox';
import { Roles } from '../../http/credentials/route-access.js';
import { closed } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { mappingStream, setMapping } from '../mapping.js';
import { StatementMappingSet } from '../mapping-events.js';
import { gapFields, MappingGaps } from '../queries/mapping-gaps.js';
import { entriesOf, MappingBody } from './set-mapping.js';

export const MappingDryRunAnswer = closed(gapFields);
export type MappingDryRunAnswer = Static<typeof MappingDryRunAnswer>;

export class DryRunMapping extends MappingBody<MappingDryRunAnswer> {}

/** Nothing is stored. */
@CommandHandler(DryRunMapping)
export class DryRunMappingHandler implements ICommandHandler<DryRunMapping> {
  constructor(@Inject(MappingGaps) private readonly gaps: MappingGaps) {}

  async execute(command: DryRunMapping): Promise<MappingDryRunAnswer> {
    const entries = entriesOf(command);
    // Refuses what could not be set either.
    setMapping(mappingStream.initial, { entries, reason: 'dry run' });
    return this.gaps.of({ entries });
  }
}

@Controller('v1/statement-mapping')
export class DryRunMappingController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  @Post('dry-runs')
  @HttpCode(200)
  @Roles('operator', 'administrator')
  @Operation('Checks a mapping, and names the clauses and the statements that it would leave without a category', {
    description: 'Changes nothing.',
    example: { entries: StatementMappingSet.example.entries },
    answer: answer('StatementMappingDryRun', 'What would be left.', MappingDryRunAnswer, {
      unmapped: ['spam'],
      unknown: [],
      waiting: [{ clause: 'spam', statements: 3 }],
    }),
  })
  dryRunMapping(@Body() mapping: DryRunMapping, @Context() context: Context): Promise<MappingDryRunAnswer> {
    return this.commands.execute(mapping.with({ context }));
  }
}

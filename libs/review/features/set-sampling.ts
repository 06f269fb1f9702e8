import { Body, Controller, Put } from '@nestjs/common';
import { IsBoolean } from 'class-validator';
import { CommandRoute, EditCommand, editHandler } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsInteger, IsLabel, IsReason, Means } from '../../http/field-rules.js';
import { Condition, Edits, IfMatch } from '../../http/if-match.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { LEADS } from '../queries/reviewing-roles.js';
import { reviewSettingsStream, setSampling } from '../queue-rules.js';

export class SetSampling extends EditCommand {
  @IfGiven()
  @IsInteger(
    'Of the cases that one reviewer decides, how many get a second one, in hundredths. Left out, it stays.',
    0,
    100,
  )
  secondReviewPercent?: number;

  @IfGiven()
  @IsBoolean()
  @Means('Whether each case gets one whose confirmation would deactivate the account. Left out, it stays.')
  secondReviewOfDeactivations?: boolean;

  @IfGiven()
  @IsInteger('For how many of a hundred cases that are opened a golden case is opened too. Left out, it stays.', 0, 50)
  goldenPercent?: number;

  @IfGiven()
  @IsInteger(
    'Of a million images, how many are chosen when they are first exposed, and reviewed without a flag. Left out, it stays.',
    0,
    100_000,
  )
  prevalencePerMillion?: number;

  @IfGiven()
  @IsLabel('The queue in which the cases of those images wait, whatever the rules say. Left out, it stays.')
  prevalenceQueue?: string;

  @IfGiven()
  @IsBoolean()
  @Means('Whether the rules say where those cases wait, and no queue of their own.')
  isPrevalenceByRules?: boolean;

  @IsReason('Why.')
  reason!: string;
}

export const SetSamplingHandler = editHandler(
  SetSampling,
  reviewSettingsStream,
  { what: () => 'the sampling', changedAt: ({ sampling }) => sampling.changedAt },
  (state, { ifMatch: _, ...given }) => setSampling(state, given),
);

@Controller('v1/review-sampling')
export class SetSamplingController extends CommandRoute {
  @Put()
  @Edits('/v1/review-sampling')
  @Roles(...LEADS)
  @Operation(
    'Sets which cases a second reviewer judges, how many golden cases are mixed in, and how many images are reviewed without a flag',
    {
      description:
        'It concerns cases whose panel is one reviewer of ours and that are decided later, also those whose verdict can be taken back until then. If the two disagree, a third decides. To the second a case looks like to the first; nobody can tell beforehand which cases are chosen.',
      example: {
        secondReviewPercent: 5,
        secondReviewOfDeactivations: true,
        goldenPercent: 3,
        prevalencePerMillion: 200,
        reason: 'we begin to measure agreement',
      },
      answer: receipt('It is set.'),
      refusals: { 404: ['queue-unknown'] },
    },
  )
  setSampling(@Body() sampling: SetSampling, @Condition() ifMatch: IfMatch, @Context() context: Context) {
    return this.receipt(sampling.with({ context, ifMatch }));
  }
}

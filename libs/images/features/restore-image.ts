import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { CommandRoute, EditCommand, editHandler } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IsLabel } from '../../http/field-rules.js';
import { Condition, Edits, IfMatch } from '../../http/if-match.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { restoreImage, withholdingStream } from '../image-withholding.js';

export class RestoreImage extends EditCommand {
  declare readonly imageId: string;

  @IsLabel('Why, as a lower-case label, like `appeal-granted`.')
  reason!: string;
}

export const RestoreImageHandler = editHandler(
  RestoreImage,
  withholdingStream,
  { what: ({ imageId }) => `whether image ${imageId} is withheld`, id: ({ imageId }) => imageId },
  (state, { imageId, reason, context }) => restoreImage(state, { imageId, reason }, context.actor.role !== 'lead'),
);

@Controller('v1/images')
export class RestoreImageController extends CommandRoute {
  @Post(':id/restoration')
  @Edits('/v1/images/:id')
  @HttpCode(200)
  @Roles('operator', 'administrator', 'lead')
  @Operation('Lets a withheld image be shared, downloaded and flagged again', {
    description:
      'The image of a confirmed violation is withheld until then. Its case stays confirmed, and what that led to for the account stays in force. Leads can restore an image that is withheld because of a problem of the model, and no other. A repeat changes nothing.',
    fields: { id: 'The image.' },
    example: { reason: 'appeal-granted' },
    answer: receipt('Restored.'),
    refusals: { 409: ['violation-confirmed'] },
  })
  restoreImage(
    @Param() { id }: IdParam,
    @Body() restoration: RestoreImage,
    @Condition() ifMatch: IfMatch,
    @Context() context: Context,
  ) {
    return this.receipt(restoration.with({ imageId: id, ifMatch, context }));
  }
}

import { Body, Controller, Delete, Param, Put, Query } from '@nestjs/common';
import { CommandRoute, EditCommand, editHandler } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IsReason } from '../../http/field-rules.js';
import { Condition, Edits, IfMatch } from '../../http/if-match.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { grantSevereViewing, revokeSevereViewing, severeViewersStream } from '../severe-viewers.js';

const PERSON = { id: 'The reviewer.' };
const EDITED = { what: () => 'the list of severe viewers' };

export class GrantSevereViewing extends EditCommand {
  @IsReason('Why. No personal data.')
  reason!: string;

  declare readonly person: string;
}

export const GrantSevereViewingHandler = editHandler(
  GrantSevereViewing,
  severeViewersStream,
  EDITED,
  (viewers, { person, reason }) => grantSevereViewing(viewers, { person, reason }),
);

export class RevokeSevereViewing extends EditCommand {
  declare readonly person: string;
  declare readonly reason: string;
}

export const RevokeSevereViewingHandler = editHandler(
  RevokeSevereViewing,
  severeViewersStream,
  EDITED,
  (viewers, { person, reason }) => revokeSevereViewing(viewers, { person, reason }),
);

export class RevokeQuery {
  @IsReason('Why. No personal data.')
  reason!: string;
}

@Controller('v1/severe-viewers')
export class SevereViewersController extends CommandRoute {
  @Put(':id')
  @Edits('/v1/severe-viewers')
  @Roles('administrator')
  @Operation(
    'Grants the skill `severe`: to claim cases that name a clause of the highest severity, and see their images',
    {
      description:
        'As with PUT /v1/reviewers/{id}/skills, which shows and sets it among the others. A repeat changes nothing.',
      fields: PERSON,
      example: { reason: 'trained for it' },
      answer: receipt('Granted.'),
    },
  )
  grantSevereViewing(
    @Param() { id }: IdParam,
    @Body() grant: GrantSevereViewing,
    @Condition() ifMatch: IfMatch,
    @Context() context: Context,
  ) {
    return this.receipt(grant.with({ context, ifMatch, person: id }));
  }

  @Delete(':id')
  @Edits('/v1/severe-viewers')
  @Roles('administrator')
  @Operation('Revokes the skill `severe`', {
    description: 'It holds from the next request on. A repeat changes nothing.',
    fields: PERSON,
    answer: receipt('Revoked.'),
    refusals: { 404: ['severe-viewer-unknown'] },
  })
  revokeSevereViewing(
    @Param() { id }: IdParam,
    @Query() { reason }: RevokeQuery,
    @Condition() ifMatch: IfMatch,
    @Context() context: Context,
  ) {
    return this.receipt(new RevokeSevereViewing().with({ context, ifMatch, person: id, reason }));
  }
}

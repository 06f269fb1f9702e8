import { Controller, HttpCode, Param, Post } from '@nestjs/common';
import { CommandRoute, decisionHandler, RequestCommand } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam } from '../../http/field-rules.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { noticeStream, redeliverNotice } from '../notice.js';

export class RedeliverNotice extends RequestCommand {
  declare readonly noticeId: string;
}

export const RedeliverNoticeHandler = decisionHandler(
  RedeliverNotice,
  noticeStream,
  (state, { noticeId }) => redeliverNotice(state, noticeId),
  ({ noticeId }) => noticeId,
);

@Controller('v1/notices')
export class RedeliverNoticeController extends CommandRoute {
  @Post(':id/redelivery')
  @HttpCode(200)
  @Roles('operator', 'administrator')
  @Operation('Sends a notice again, with the same id and as many attempts as a new one', {
    description:
      'After fixing why it failed, or if its receiver has lost it. One that waits for its next attempt is sent at once; until its first attempt a repeat changes nothing.',
    fields: { id: 'The notice.' },
    answer: receipt('Queued.'),
    refusals: { 404: ['notice-unknown'] },
  })
  redeliverNotice(@Param() { id }: IdParam, @Context() context: Context) {
    return this.receipt(new RedeliverNotice().with({ context, noticeId: id }));
  }
}

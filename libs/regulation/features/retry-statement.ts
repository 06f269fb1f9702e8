import { Controller, HttpCode, Param, Post } from '@nestjs/common';
import { CommandRoute, decisionHandler, RequestCommand } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam } from '../../http/field-rules.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { retryStatement, statementStream } from '../statement.js';

export class RetryStatement extends RequestCommand {
  declare readonly statementId: string;
}

export const RetryStatementHandler = decisionHandler(
  RetryStatement,
  statementStream,
  (state, { statementId }) => retryStatement(state, statementId),
  ({ statementId }) => statementId,
);

@Controller('v1/statements')
export class RetryStatementController extends CommandRoute {
  @Post(':id/retry')
  @HttpCode(200)
  @Roles('operator', 'compliance', 'administrator')
  @Operation('Sends a refused statement of reasons again, by the mapping in force then', {
    description: 'After fixing why it was refused. One that waits stays as it is.',
    fields: { id: 'The statement.' },
    answer: receipt('It waits to be sent.'),
    refusals: { 404: ['statement-unknown'], 409: ['statement-accepted'] },
  })
  retryStatement(@Param() { id }: IdParam, @Context() context: Context) {
    return this.receipt(new RetryStatement().with({ context, statementId: id }));
  }
}

import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { Type } from 'typebox';
import { LogEpoch } from '../../event-store/log-epoch.js';
import type { Role } from '../../http/credentials/principal.js';
import { Roles } from '../../http/credentials/route-access.js';
import { JsonOnly } from '../../http/http-adapter.js';
import { statusOf } from '../../http/http-error.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import type { Position } from '../../kernel/envelope.js';
import { InvalidInput } from '../../kernel/errors.js';
import type { AccessDecision } from '../decide-access.js';
import { DecisionPoint } from '../decision-point/decision-point.js';
import { readEvaluation, readEvaluations } from '../decision-point/evaluation-request.js';
import { EvaluationAnswer, EvaluationRequest, EvaluationsAnswer, EvaluationsRequest } from './evaluation-schemas.js';

export const EVALUATION_ROLES: [Role, ...Role[]] = ['service', 'operator', 'administrator'];

export function evaluationAnswer({ decision, reason, id }: AccessDecision, position: Position): EvaluationAnswer {
  const known = String(position);
  const why = reason === undefined ? { position: known } : { reason, position: known };
  return { decision, context: id === undefined ? why : { ...why, decisionId: id } };
}

const subject = { type: 'account', id: 'acc-1' };
const denied: EvaluationAnswer = { decision: false, context: { reason: 'not-onboarded', position: '1042' } };
const allowed: EvaluationAnswer = { decision: true, context: { position: '1042' } };

/** The AuthZEN Authorization API 1.0: a policy decision point for everything that an account may do. */
@Controller('access/v1')
export class EvaluateAccessController {
  constructor(
    @Inject(DecisionPoint) private readonly decisionPoint: DecisionPoint,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
  ) {}

  @Post('evaluation')
  @HttpCode(200)
  @JsonOnly()
  @Roles(...EVALUATION_ROLES)
  @Operation('May this subject do this now? A deny gives its reason in `context.reason`', {
    body: {
      'application/json': {
        name: 'EvaluationRequest',
        schema: EvaluationRequest,
        example: { subject, action: { name: 'generate' }, resource: { type: 'product', id: 'images' } },
      },
    },
    answer: answer('Evaluation', 'The decision.', EvaluationAnswer, denied),
    refusals: { 410: ['position-gone'] },
  })
  async evaluate(@Body() body: unknown): Promise<EvaluationAnswer> {
    return evaluationAnswer(
      await this.decisionPoint.evaluate(readEvaluation(body, this.epoch.current)),
      this.decisionPoint.position,
    );
  }

  @Post('evaluations')
  @HttpCode(200)
  @JsonOnly()
  @Roles(...EVALUATION_ROLES)
  @Operation('Answers several questions in order', {
    description:
      'Without `evaluations`, or if it is empty, this is a single question and is answered as one. A question that is not valid is denied with its error, and the others are answered.',
    body: {
      'application/json': {
        name: 'EvaluationsRequest',
        schema: EvaluationsRequest,
        example: {
          subject,
          resource: { type: 'image', id: 'img-1' },
          evaluations: [{ action: { name: 'download' } }, { action: { name: 'share' } }],
        },
      },
    },
    answer: answer('Evaluations', 'The decisions.', Type.Union([EvaluationsAnswer, EvaluationAnswer]), {
      evaluations: [allowed, allowed],
    }),
    refusals: { 410: ['position-gone'] },
  })
  async evaluateAll(@Body() body: unknown): Promise<EvaluationsAnswer | EvaluationAnswer> {
    const batch = readEvaluations(body, this.epoch.current);
    if (!batch) return this.evaluate(body);
    const decisions = await this.decisionPoint.evaluateAll(batch);
    const { position } = this.decisionPoint;
    return {
      evaluations: decisions.map((decision, n) => {
        const asked = batch.evaluations[n]!;
        const answered = evaluationAnswer(decision, position);
        return asked instanceof InvalidInput ? withError(answered, asked) : answered;
      }),
    };
  }
}

const withError = ({ decision, context }: EvaluationAnswer, error: InvalidInput): EvaluationAnswer => ({
  decision,
  context: { ...context, error: { status: statusOf(error), message: error.message } },
});

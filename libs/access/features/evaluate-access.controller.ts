import { Body, Controller, Get, HttpCode, Inject, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Role } from '../../http/credentials/principal.js';
import { Public, Roles } from '../../http/credentials/route-access.js';
import type { Position } from '../../kernel/envelope.js';
import type { AccessDecision } from '../decide-access.js';
import { DecisionPoint } from '../decision-point/decision-point.js';
import { readEvaluation, readEvaluations } from '../decision-point/evaluation-request.js';

export const EVALUATION_ROLES: [Role, ...Role[]] = ['service', 'administrator'];

export function evaluationAnswer({ decision, reason }: AccessDecision, position: Position) {
  const known = String(position);
  return { decision, context: reason === undefined ? { position: known } : { reason, position: known } };
}

/** The AuthZEN Authorization API 1.0: a policy decision point for everything that an account may do. */
@Controller()
export class EvaluateAccessController {
  constructor(@Inject(DecisionPoint) private readonly decisionPoint: DecisionPoint) {}

  /** May this subject do this now? A deny says why in `context.reason`. */
  @Post('access/v1/evaluation')
  @HttpCode(200)
  @Roles(...EVALUATION_ROLES)
  async evaluate(@Body() body: unknown) {
    return evaluationAnswer(await this.decisionPoint.evaluate(readEvaluation(body)), this.decisionPoint.position);
  }

  /** Several questions at once, answered in order. */
  @Post('access/v1/evaluations')
  @HttpCode(200)
  @Roles(...EVALUATION_ROLES)
  async evaluateAll(@Body() body: unknown) {
    const batch = readEvaluations(body);
    if (!batch) return this.evaluate(body);
    const decisions = await this.decisionPoint.evaluateAll(batch.evaluations, batch.semantic);
    return { evaluations: decisions.map((decision) => evaluationAnswer(decision, this.decisionPoint.position)) };
  }

  /** Where the decision point's endpoints are. */
  @Get('.well-known/authzen-configuration')
  @Public()
  configuration(@Req() request: FastifyRequest) {
    const base = `${request.protocol}://${request.host}`;
    return {
      policy_decision_point: base,
      access_evaluation_endpoint: `${base}/access/v1/evaluation`,
      access_evaluations_endpoint: `${base}/access/v1/evaluations`,
    };
  }
}

import { Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Authenticator } from '../../http/credentials/authenticator.js';
import { bearerOf } from '../../http/credentials/credentials.js';
import type { Principal } from '../../http/credentials/principal.js';
import type { Position } from '../../kernel/envelope.js';
import { GatehouseError } from '../../kernel/errors.js';
import type { AccessDecision } from '../decide-access.js';
import { DecisionPoint } from '../decision-point/decision-point.js';
import { type Evaluation, readEvaluation } from '../decision-point/evaluation-request.js';
import { EVALUATION_ROLES } from './evaluate-access.js';

const ROUTE = '/access/v1/evaluation';
const JSON_TYPE = 'application/json; charset=utf-8';

/**
 * Answers the hottest route ahead of Nest's pipeline, whose guards, pipes and interceptors cost more than the decision.
 * Answers only valid requests. A request with a missing role or an invalid body continues to the controller, which
 * refuses it as on every route.
 */
@Injectable()
export class FastEvaluation {
  constructor(
    @Inject(HttpAdapterHost) { httpAdapter }: HttpAdapterHost,
    @Inject(Authenticator) authenticator: Authenticator,
    @Inject(DecisionPoint) decisionPoint: DecisionPoint,
  ) {
    // A process without HTTP has no adapter.
    const server = httpAdapter?.getInstance();
    if (server) answerEvaluationsFast(server, authenticator, decisionPoint);
  }
}

/** Has to be called before the routes are registered. */
function answerEvaluationsFast(server: FastifyInstance, authenticator: Authenticator, decisionPoint: DecisionPoint) {
  server.addHook('onRoute', (route) => {
    if (route.url === ROUTE && route.method === 'POST') route.preHandler = [answer, ...[route.preHandler ?? []].flat()];
  });

  function answer(request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void {
    const send = (decision: AccessDecision | undefined) => {
      if (decision) reply.header('content-type', JSON_TYPE).send(answerText(decision, decisionPoint.position));
      else done();
    };
    try {
      const credential = bearerOf(request.headers.authorization) ?? '';
      const evaluation = readEvaluation(request.body);
      const principal = authenticator.recent(credential);
      const decision = principal && mayAsk(principal) ? decisionPoint.evaluateNow(evaluation) : undefined;
      if (decision) send(decision);
      else evaluate(credential, evaluation, request).then(send).catch(done);
    } catch (error) {
      if (error instanceof GatehouseError) done();
      else done(error as Error);
    }
  }

  /** Undefined if the controller has to refuse the request. */
  async function evaluate(credential: string, evaluation: Evaluation, request: FastifyRequest) {
    try {
      const principal = await authenticator.authenticate(credential, request);
      return principal && mayAsk(principal) ? await decisionPoint.evaluate(evaluation) : undefined;
    } catch (error) {
      if (error instanceof GatehouseError) return undefined;
      throw error;
    }
  }
}

/** The JSON of `evaluationAnswer`, whose parts need no escaping. */
export function answerText({ decision, reason }: AccessDecision, position: Position): string {
  const why = reason === undefined ? '' : `"reason":"${reason}",`;
  return `{"decision":${decision},"context":{${why}"position":"${position}"}}`;
}

const mayAsk = ({ roles }: Principal): boolean => roles.some((role) => EVALUATION_ROLES.includes(role));

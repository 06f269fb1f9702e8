import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GatehouseError } from '../../kernel/errors.js';
import type { Authenticator } from '../../platform/security/authenticator.js';
import { bearerOf } from '../../platform/security/credentials.js';
import type { Principal } from '../../platform/security/principal.js';
import type { DecisionPoint } from '../decision-point/decision-point.js';
import { readEvaluation } from '../decision-point/evaluation-request.js';
import { EVALUATION_ROLES, evaluationAnswer } from './evaluate-access.controller.js';

const ROUTE = '/access/v1/evaluation';
const JSON_TYPE = 'application/json; charset=utf-8';

/**
 * Answers the hottest route ahead of Nest's pipeline, whose guards, pipes and interceptors cost more than the decision.
 * Only what is in order is answered here: a missing right or a wrong body goes on to the controller, which refuses it as
 * it does everywhere. To be called before the routes are made.
 */
export function answerEvaluationsFast(
  server: FastifyInstance,
  authenticator: Authenticator,
  decisionPoint: DecisionPoint,
) {
  server.addHook('preHandler', (request: FastifyRequest, reply: FastifyReply, done) => {
    if (request.routeOptions.url !== ROUTE || request.method !== 'POST') return done();
    void answer(request, reply).then((answered) => {
      if (!answered) done();
    }, done);
  });

  async function answer(request: FastifyRequest, reply: FastifyReply): Promise<boolean> {
    const { headers, body } = request;
    try {
      const principal = await authenticator.authenticate(bearerOf(headers.authorization) ?? '', request);
      if (!principal || !mayAsk(principal)) return false;
      const decision = await decisionPoint.evaluate(readEvaluation(body));
      reply.type(JSON_TYPE).send(JSON.stringify(evaluationAnswer(decision, decisionPoint.position)));
      return true;
    } catch (error) {
      if (error instanceof GatehouseError) return false;
      throw error;
    }
  }
}

const mayAsk = ({ roles }: Principal): boolean => roles.some((role) => EVALUATION_ROLES.includes(role));

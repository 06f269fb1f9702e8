import { Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { answerAhead } from '../../http/answer-ahead.js';
import { Authenticator } from '../../http/credentials/authenticator.js';
import { bearerOf } from '../../http/credentials/credentials.js';
import { Draining } from '../../http/draining.js';
import { RequestDurations } from '../../http/request-durations.js';
import { ResponseHeaders } from '../../http/response-headers.js';
import type { Position } from '../../kernel/envelope.js';
import type { AccessDecision } from '../decide-access.js';
import { DecisionPoint } from '../decision-point/decision-point.js';
import { readEvaluation } from '../decision-point/evaluation-request.js';
import { EVALUATION_ROLES } from './evaluate-access.js';

const ROUTE = '/access/v1/evaluation';

/**
 * Answers the hottest route ahead of its controller: the valid requests of callers whose credential was verified within
 * the last seconds, about positions that the replica has reached. The controller answers or refuses the others.
 */
@Injectable()
export class FastEvaluation {
  constructor(
    @Inject(HttpAdapterHost) { httpAdapter }: HttpAdapterHost,
    @Inject(Authenticator) authenticator: Authenticator,
    @Inject(DecisionPoint) decisionPoint: DecisionPoint,
    @Inject(RequestDurations) durations: RequestDurations,
    @Inject(Draining) draining: Draining,
    @Inject(LogEpoch) epoch: LogEpoch,
    @Inject(ResponseHeaders) headers: ResponseHeaders,
  ) {
    const textOf = (decision: AccessDecision) => answerText(decision, decisionPoint.position);
    const answer = (json: unknown, { headers }: { headers: { authorization?: string } }) => {
      const principal = authenticator.recent(bearerOf(headers.authorization) ?? '');
      if (!principal?.roles.some((role) => EVALUATION_ROLES.includes(role))) return undefined;
      const evaluation = readEvaluation(json, epoch.current);
      // The wait may end in an error, for which the controller would wait again.
      if (evaluation.minPosition > decisionPoint.position) return undefined;
      const decision = decisionPoint.evaluateNow(evaluation);
      return decision ? textOf(decision) : decisionPoint.evaluate(evaluation).then(textOf);
    };
    // A process without HTTP has no adapter.
    const server = httpAdapter?.getInstance();
    if (server) answerAhead(server, ROUTE, answer, { durations, draining, headers });
  }
}

/** The JSON of `evaluationAnswer`, whose parts need no escaping. */
export function answerText({ decision, reason, id }: AccessDecision, position: Position): string {
  const why = reason === undefined ? '' : `"reason":"${reason}",`;
  const recorded = id === undefined ? '' : `,"decisionId":"${id}"`;
  return `{"decision":${decision},"context":{${why}"position":"${position}"${recorded}}}`;
}

import { Type } from 'typebox';
import type { EvaluateAccessController } from '../../../../libs/access/features/evaluate-access.controller.js';
import {
  EvaluationAnswer,
  EvaluationRequest,
  EvaluationsAnswer,
  EvaluationsRequest,
} from '../../../../libs/access/index.js';
import { closed } from '../../../../libs/http/openapi/answer-schemas.js';
import { answerOf, json, type OperationGroup } from '../operation.js';

const subject = { type: 'account', id: 'acc-1' };
const denied = { decision: false, context: { reason: 'not-onboarded', position: '1042' } };
const allowed = { decision: true, context: { position: '1042' } };
const endpoint = (description: string) => Type.String({ format: 'uri', description });

export const accessOperations: OperationGroup = {
  name: 'Access',
  description:
    'May this account do this now? AuthZEN Authorization API 1.0. Computed from the log and the clock at the moment of the question; what can’t be known is denied.',
  operations: {
    'POST /access/v1/evaluation': {
      id: 'evaluate',
      summary: 'May this subject do this now? A deny says why in `context.reason`',
      body: {
        'application/json': {
          name: 'EvaluationRequest',
          schema: EvaluationRequest,
          example: { subject, action: { name: 'generate' }, resource: { type: 'product', id: 'images' } },
        },
      },
      answers: {
        200: answerOf<EvaluateAccessController['evaluate']>()('Evaluation', 'The decision.', EvaluationAnswer, denied),
      },
    },
    'POST /access/v1/evaluations': {
      id: 'evaluateAll',
      summary: 'Several questions at once, answered in order',
      description: 'Without `evaluations`, or with none in it, it is the single question and answered as such.',
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
      answers: {
        200: json('Evaluations', 'The decisions.', Type.Union([EvaluationsAnswer, EvaluationAnswer]), {
          evaluations: [allowed, allowed],
        }),
      },
    },
    'GET /.well-known/authzen-configuration': {
      id: 'authzenConfiguration',
      summary: 'Where the decision point’s endpoints are',
      answers: {
        200: answerOf<EvaluateAccessController['configuration']>()(
          'AuthzenConfiguration',
          'The endpoints.',
          closed({
            policy_decision_point: endpoint('The decision point.'),
            access_evaluation_endpoint: endpoint('For one question.'),
            access_evaluations_endpoint: endpoint('For several.'),
          }),
        ),
      },
    },
  },
};

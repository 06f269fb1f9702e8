import { Type } from 'typebox';
import { ROLES } from '../../../../libs/http/credentials/principal.js';
import type { TokensController } from '../../../../libs/http/credentials/tokens.controller.js';
import type { HealthController } from '../../../../libs/http/health.controller.js';
import { closed, count, instant, list, orNull, position, text } from '../../../../libs/http/openapi/answer-schemas.js';
import type { StatusController } from '../../../../libs/operations/queries/show-status.js';
import { type Answer, answerOf, type OperationGroup } from '../operation.js';

const tokenFields = {
  id: text('The token.'),
  name: text('Also the identity of whoever uses it: the actor of events, the reviewer of verdicts.'),
  roles: list(Type.Enum([...ROLES]), 'What it may do.'),
  createdAt: instant('When it was made.'),
  createdBy: text('Who made it.'),
  revokedAt: orNull(instant('When it was revoked.')),
};
const token = {
  id: '0123456789abcdef',
  name: 'image-service',
  roles: ['service'],
  createdAt: '2022-05-18T09:00:00.000Z',
  createdBy: 'administrator',
  revokedAt: null,
};
const report = closed({
  ready: Type.Boolean({ description: 'Whether it can serve.' }),
  checks: Type.Record(Type.String(), Type.String(), { description: 'Per check `ok`, or what is wrong.' }),
});
const plain = (mediaType: string, description: string): Answer => ({
  description,
  content: { [mediaType]: { schema: Type.String() } },
});

export const platformOperations: OperationGroup = {
  name: 'Operation',
  description: 'Credentials, health, metrics and these documents.',
  operations: {
    'POST /v1/tokens': {
      id: 'createToken',
      summary: 'Makes a token; its secret is shown here and never again',
      fields: {
        name: 'Also the identity of whoever uses it: the actor of events, the reviewer of verdicts.',
        roles: 'What it may do.',
      },
      example: { name: 'image-service', roles: ['service'] },
      answers: {
        201: answerOf<TokensController['create']>()(
          'CreatedToken',
          'The token.',
          closed({ ...tokenFields, secret: text('Send it as `Authorization: Bearer {secret}`.') }),
          { ...token, secret: 'ght_0123456789abcdef_…' },
        ),
      },
    },
    'GET /v1/tokens': {
      id: 'listTokens',
      summary: 'Every token, the revoked ones too, without secrets',
      answers: {
        200: answerOf<TokensController['list']>()(
          'Tokens',
          'The tokens.',
          closed({ items: list(closed(tokenFields), 'Oldest first.') }),
          { items: [token] },
        ),
      },
    },
    'DELETE /v1/tokens/{id}': {
      id: 'revokeToken',
      summary: 'Refuses a token from now on',
      fields: { id: 'The token.' },
      answers: { 200: answerOf<TokensController['revoke']>()('Token', 'It is revoked.', closed(tokenFields), token) },
      refusals: { 404: ['token-unknown'] },
    },
    'GET /v1/status': {
      id: 'showStatus',
      summary: 'Version, the log’s head, and how far each view, reaction and this process’s access replica have got',
      answers: {
        200: answerOf<StatusController['status']>()(
          'Status',
          'The status.',
          closed({
            version: text('Of Gatehouse.'),
            uptimeSeconds: count('Since the process started.'),
            head: position('Of the last event stored.'),
            consumers: list(
              closed({
                name: text('A view or a reaction.'),
                position: position('How far it has got.'),
                behind: count('Positions behind the head.'),
                parked: count('Keys that are left out, loudly.'),
              }),
              'Who follows the log.',
            ),
            access: closed({
              position: position('How far access decisions know the log.'),
              ageMs: count('How old that knowledge may be, in milliseconds.'),
            }),
            quarantine: Type.Record(Type.String(), Type.Number(), {
              description: 'Events that wait there, by reason.',
            }),
            memoryBytes: count('Resident memory of this process.'),
          }),
        ),
      },
    },
    'GET /health/live': {
      id: 'live',
      summary: 'Whether the process runs at all',
      answers: {
        200: answerOf<HealthController['live']>()('Live', 'It runs.', closed({ status: Type.Literal('live') }), {
          status: 'live',
        }),
      },
    },
    'GET /health/ready': {
      id: 'ready',
      summary: 'Whether it can serve, with each check',
      answers: {
        200: answerOf<HealthController['ready']>()('Readiness', 'Every check is well.', report, {
          ready: true,
          checks: { database: 'ok', 'access-replica': 'ok' },
        }),
        503: answerOf<HealthController['ready']>()('Readiness', 'A check failed.', report),
      },
    },
    'GET /metrics': {
      id: 'metrics',
      summary: 'Metrics in Prometheus’s text format',
      description: 'Open to anybody where the server listens on loopback only.',
      answers: { 200: plain('text/plain', 'The metrics.') },
    },
  },
};

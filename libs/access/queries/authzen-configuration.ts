import { isIPv6, type Socket } from 'node:net';
import { Controller, Get, Inject, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { Public } from '../../http/credentials/route-access.js';
import { closed } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { SETTINGS } from '../../platform/ports.js';

const endpoint = (description: string) => Type.String({ format: 'uri', description });

const AuthzenConfiguration = closed({
  policy_decision_point: endpoint('The decision point.'),
  access_evaluation_endpoint: endpoint('The endpoint for one question.'),
  access_evaluations_endpoint: endpoint('The endpoint for several questions.'),
});
type AuthzenConfiguration = Static<typeof AuthzenConfiguration>;

@Controller('.well-known')
export class AuthzenConfigurationController {
  constructor(@Inject(SETTINGS) private readonly settings: Settings) {}

  @Get('authzen-configuration')
  @Public()
  @Operation('The endpoints of the decision point', {
    answer: answer('AuthzenConfiguration', 'The endpoints.', AuthzenConfiguration),
  })
  authzenConfiguration(@Req() { raw: { socket } }: FastifyRequest): AuthzenConfiguration {
    const base = this.settings.publicUrl ?? addressOf(socket);
    return {
      policy_decision_point: base,
      access_evaluation_endpoint: `${base}/access/v1/evaluation`,
      access_evaluations_endpoint: `${base}/access/v1/evaluations`,
    };
  }
}

/** Never the Host of the request: who chooses that could send the callers of others elsewhere, through a cache. */
const addressOf = ({ localAddress = '', localPort }: Socket): string =>
  `http://${isIPv6(localAddress) ? `[${localAddress}]` : localAddress}:${localPort}`;

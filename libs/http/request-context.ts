import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { CommandContext } from '../kernel/command-context.js';
import { ANONYMOUS, actorOf, type Principal, type Role } from './credentials/principal.js';
import { requestTrace, requestTracestate } from './request-trace.js';

const CONTEXT = Symbol('context');
const CORRELATION = /^[\w.:~-]{1,200}$/;

export type GatehouseRequest = FastifyRequest & {
  /** Set by Admission, like the next two. */
  principal?: Principal;
  /** To a route that declares its access. */
  isAdmitted?: boolean;
  /** The role that admitted the request. */
  admittedRole?: Role;
  [CONTEXT]?: CommandContext;
};

/**
 * The command context of a request, created once: the trace continues `traceparent` or starts here, the correlation id is
 * `x-correlation-id` or the trace id.
 */
export function contextOf(request: GatehouseRequest): CommandContext {
  request[CONTEXT] ??= makeContext(request);
  return request[CONTEXT];
}

function makeContext({ headers, principal, admittedRole, raw }: GatehouseRequest): CommandContext {
  const { traceId, traceparent } = requestTrace(raw);
  const tracestate = requestTracestate(raw);
  const correlation = headers['x-correlation-id'];
  return {
    actor: principal ? actorOf(principal, admittedRole) : ANONYMOUS,
    correlationid: typeof correlation === 'string' && CORRELATION.test(correlation) ? correlation : traceId,
    traceparent,
    ...(tracestate !== undefined && { tracestate }),
  };
}

/** Parameter decorator, and the type of such a parameter: the CommandContext of the request. */
export type Context = CommandContext;
export const Context = createParamDecorator(
  (_: unknown, execution: ExecutionContext): CommandContext =>
    contextOf(execution.switchToHttp().getRequest<GatehouseRequest>()),
);

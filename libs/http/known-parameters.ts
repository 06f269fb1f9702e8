import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { InvalidInput } from '../kernel/errors.js';
import { AS_OF, hasAsOf } from './as-of.js';
import { hasMinPosition, MIN_POSITION } from './min-position.js';
import type { GatehouseRequest } from './request-context.js';

/**
 * Refuses query parameters of a route that has none: an answer that ignores `asOf` looks like one of that moment. The input
 * pipe refuses unknown ones of a route that has some.
 */
@Injectable()
export class KnownParameters implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { query } = context.switchToHttp().getRequest<GatehouseRequest>();
    const handler = context.getHandler();
    const taken = [...(hasMinPosition(handler) ? [MIN_POSITION] : []), ...(hasAsOf(handler) ? [AS_OF] : [])];
    const given = Object.keys(query ?? {}).filter((name) => !taken.includes(name));
    if (given.length === 0 || declaresQuery(context)) return true;
    throw new InvalidInput(
      given.map((field) => ({ field, message: 'is not a parameter of this route; leave it out' })),
    );
  }
}

function declaresQuery(context: ExecutionContext): boolean {
  const declared: object =
    Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), context.getHandler().name) ?? {};
  return Object.keys(declared).some((key) => Number(key.split(':')[0]) === RouteParamtypes.QUERY);
}

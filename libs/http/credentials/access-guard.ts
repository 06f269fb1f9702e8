import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { GatehouseRequest } from '../request-context.js';
import { Forbidden } from './credentials.js';

/** Fails closed: refuses what Admission has not admitted to a declared route, though the start refuses other routes anyway. */
@Injectable()
export class AccessGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (context.switchToHttp().getRequest<GatehouseRequest>().isAdmitted) return true;
    throw new Forbidden('this route declares no access', {});
  }
}

import { Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import type { Networks } from '../../platform/configuration/networks.js';
import type { Settings } from '../../platform/configuration/settings.js';
import type { Logger } from '../../platform/logging/logger.js';
import { LOGGER, SETTINGS } from '../../platform/ports.js';
import { networkOf } from '../caller-network.js';
import { HttpError } from '../http-error.js';
import { NetworkBudget } from '../network-budget.js';
import type { GatehouseRequest } from '../request-context.js';
import type { RequestQueue } from '../request-queue.js';
import { Authenticator } from './authenticator.js';
import { bearerOf, Forbidden, Unauthenticated } from './credentials.js';
import { DeclaredRoutes } from './declared-routes.js';
import { type Principal, ROLES, type Role } from './principal.js';
import { type RouteAccess, rolesOf } from './route-access.js';
import { UnlistedProxies } from './unlisted-proxies.js';

/** Headers that proxies add to a forwarded request. */
const FORWARDING = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip'];
const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);
/** The longest body without a credential: reading a longer one would cost more than its answer. */
const MAX_PUBLIC_BODY_BYTES = 16 * 1024;

/** For paths that are no route, so that those too are limited. */
const NO_ROUTE: RouteAccess = { kind: 'public' };

/**
 * Admits each request or throws, before its body is read: callers without a credential can't make the server parse bodies.
 * Puts the principal and the admitting role on the request.
 */
@Injectable()
export class Admission {
  private readonly onLoopback: boolean;
  private readonly proxies: Networks;
  private readonly anonymous: NetworkBudget;
  /** Wrong credentials have a limit of their own; right ones have none. */
  private readonly wrong: NetworkBudget;
  private readonly unlistedProxies: UnlistedProxies;
  private readonly queue: RequestQueue | undefined;
  /** By method and template. */
  private declared: Map<string, RouteAccess> | undefined;

  constructor(
    @Inject(HttpAdapterHost) { httpAdapter }: HttpAdapterHost,
    @Inject(DeclaredRoutes) private readonly routes: DeclaredRoutes,
    @Inject(Authenticator) private readonly authenticator: Authenticator,
    @Inject(SETTINGS) settings: Settings,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.onLoopback = LOOPBACK.has(settings.host);
    this.proxies = settings.trustedProxies;
    this.anonymous = new NetworkBudget(settings.publicRatePerMinute, 'asked without a credential');
    this.wrong = new NetworkBudget(settings.publicRatePerMinute, 'sent a wrong credential');
    this.unlistedProxies = new UnlistedProxies(settings.trustedProxies, logger);
    // A process without HTTP has no adapter.
    const server: FastifyInstance | undefined = httpAdapter?.getInstance();
    this.queue = server?.requestQueue;
    if (!server) return;
    server.addHook('onRequest', async (request) => this.admit(request));
    server.admit = (request) => this.admit(request);
  }

  private async admit(request: GatehouseRequest): Promise<void> {
    this.unlistedProxies.note(request.raw);
    const declared = this.accessOf(request);
    const access = declared ?? NO_ROUTE;
    const isProbe = access.kind === 'public' && access.isProbe;
    if (request.headers.authorization === undefined && !isProbe) this.anonymous.spend(this.networkOf(request));
    const principal = await this.principalOf(request);
    const roles = rolesOf(access) ?? ROLES;
    // In the order of the route: where a lead may do more than a reviewer, it names the lead first.
    const role = principal && roles.find((one) => principal.roles.includes(one));
    request.principal = principal;
    request.admittedRole = role;
    request.isAdmitted = declared !== undefined;
    const isOpen = access.kind === 'public' && (!principal || access.roles === undefined);
    if (isOpen || (access.kind === 'public-on-loopback' && this.isFromHere(request))) {
      if (!principal) limitBody(request);
      return;
    }
    if (!principal) throw new Unauthenticated('this route needs a credential: send "Authorization: Bearer {token}"');
    if (!role) throw refusal(principal, roles);
  }

  /** Undefined for a path that is no route. */
  private accessOf({ routeOptions: { url }, method }: GatehouseRequest): RouteAccess | undefined {
    this.declared ??= new Map(this.routes.all().map((route) => [`${route.method} ${route.path}`, route.access]));
    return this.declared.get(`${method === 'HEAD' ? 'GET' : method} ${url}`);
  }

  /** A proxy on this machine forwards requests of others. */
  private isFromHere({ headers, raw: { socket } }: GatehouseRequest): boolean {
    const isForwarded =
      FORWARDING.some((name) => headers[name] !== undefined) || this.proxies.has(socket.remoteAddress);
    return this.onLoopback && !isForwarded;
  }

  private async principalOf(request: GatehouseRequest): Promise<Principal | undefined> {
    const { authorization } = request.headers;
    if (authorization === undefined) return undefined;
    const credential = bearerOf(authorization);
    const principal = credential === undefined ? undefined : await this.authenticator.authenticate(credential);
    this.queue?.noteCredential(request.raw, principal !== undefined);
    if (principal) return principal;
    this.wrong.spend(this.networkOf(request));
    throw new Unauthenticated(
      credential === undefined
        ? 'the Authorization header is not of the form "Bearer {token}"'
        : 'the credential is unknown, revoked or expired: ask an administrator for a new one',
    );
  }

  private readonly networkOf = ({ raw }: GatehouseRequest) => networkOf(raw, this.proxies);
}

/** @throws HttpError if the body of a request without a credential is too long, or of unknown length */
function limitBody({ headers }: GatehouseRequest): void {
  if (headers['transfer-encoding'] !== undefined)
    throw new HttpError(411, 'length-required', 'without a credential a body needs a Content-Length: send it');
  if (Number(headers['content-length'] ?? 0) <= MAX_PUBLIC_BODY_BYTES) return;
  const limit = `${MAX_PUBLIC_BODY_BYTES / 1024} KiB, the limit without a credential`;
  throw new HttpError(413, 'body-too-large', `the body is over ${limit}: send less, or a credential`);
}

const refusal = (principal: Principal, required: readonly Role[]): Forbidden =>
  new Forbidden(
    `${principal.id} has ${principal.roles.length > 0 ? `the roles ${principal.roles.join(', ')}` : 'no role'}; this route admits ${required.join(', ')}`,
    { required },
  );

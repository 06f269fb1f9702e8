import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, DiscoveryModule, HttpAdapterHost } from '@nestjs/core';
import { LogEpoch } from '../event-store/log-epoch.js';
import type { Clock } from '../kernel/clock.js';
import type { Ids } from '../kernel/ids.js';
import type { Settings } from '../platform/configuration/settings.js';
import { DataSource } from '../platform/database/database.js';
import { Readiness } from '../platform/health/readiness.js';
import type { Logger } from '../platform/logging/logger.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { PersonKeys } from '../platform/personal-data/person-keys.js';
import { CLOCK, IDS, LOGGER, SETTINGS } from '../platform/ports.js';
import { AnswerLimit } from './answer-limit.js';
import { AccessGuard } from './credentials/access-guard.js';
import { Admission } from './credentials/admission.js';
import { Authenticator } from './credentials/authenticator.js';
import { DeclaredRoutes } from './credentials/declared-routes.js';
import { JwtVerifier } from './credentials/jwt-verifier.js';
import { TokenRegistry } from './credentials/token-registry.js';
import { Draining } from './draining.js';
import { HealthController } from './health.controller.js';
import { InputPipe } from './input-pipe.js';
import { KnownParameters } from './known-parameters.js';
import { MetricsController } from './metrics.controller.js';
import { ProblemFilter } from './problem-filter.js';
import { RequestDurations } from './request-durations.js';
import { ResponseHeaders } from './response-headers.js';

/** Controllers of every process; the documents have them in a group of their own choosing. */
export const EVERYWHERE: readonly Type[] = [HealthController, MetricsController];

export interface HttpParts {
  settings: Settings;
  clock: Clock;
  ids: Ids;
  logger: Logger;
  /** Initialised and migrated. */
  dataSource: DataSource;
  personKeys: PersonKeys;
  epoch: Pick<LogEpoch, 'current'>;
}

/**
 * The parts that every process with an HTTP API shares: admission, the problem filter, the input pipe, the health and
 * metrics routes, and for injection DataSource, TokenRegistry, Metrics, RequestDurations, Readiness, Draining,
 * DeclaredRoutes, SETTINGS, CLOCK, IDS, LOGGER, PersonKeys, LogEpoch, ResponseHeaders.
 */
@Module({})
export class HttpModule {
  static with({ settings, clock, ids, logger, dataSource, personKeys, epoch }: HttpParts): DynamicModule {
    const tokens = new TokenRegistry(dataSource, clock);
    const { oidcIssuer: issuer, oidcAudience: audience, oidcRolesClaim: rolesClaim } = settings;
    const jwts = issuer && audience ? new JwtVerifier({ issuer, audience, rolesClaim }, clock) : undefined;
    const shared = [
      { provide: SETTINGS, useValue: settings },
      { provide: CLOCK, useValue: clock },
      { provide: IDS, useValue: ids },
      { provide: LOGGER, useValue: logger },
      { provide: PersonKeys, useValue: personKeys },
      { provide: LogEpoch, useValue: epoch },
      { provide: ResponseHeaders, useValue: new ResponseHeaders(epoch) },
      { provide: DataSource, useValue: dataSource },
      { provide: TokenRegistry, useValue: tokens },
      { provide: Authenticator, useValue: new Authenticator(tokens, jwts) },
      Metrics,
      { provide: RequestDurations, useFactory: measured, inject: [HttpAdapterHost, Metrics] },
      { provide: Readiness, useValue: databaseReadiness(dataSource) },
      Draining,
      DeclaredRoutes,
    ];
    return {
      module: HttpModule,
      global: true,
      imports: [DiscoveryModule],
      controllers: [...EVERYWHERE],
      providers: [
        ...shared,
        Admission,
        { provide: APP_GUARD, useClass: AccessGuard },
        { provide: APP_GUARD, useClass: KnownParameters },
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_PIPE, useClass: InputPipe },
        { provide: APP_INTERCEPTOR, useClass: AnswerLimit },
      ],
      exports: shared,
    };
  }
}

function measured({ httpAdapter }: HttpAdapterHost, metrics: Metrics): RequestDurations {
  const durations = new RequestDurations(metrics);
  const server = httpAdapter?.getInstance();
  if (server) durations.measure(server);
  return durations;
}

function databaseReadiness(dataSource: DataSource): Readiness {
  const readiness = new Readiness();
  readiness.register('database', async () => {
    await dataSource.query('SELECT 1');
  });
  return readiness;
}

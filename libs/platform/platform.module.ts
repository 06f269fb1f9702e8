import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE, DiscoveryModule, HttpAdapterHost } from '@nestjs/core';
import type { Clock } from '../kernel/clock.js';
import type { Ids } from '../kernel/ids.js';
import type { Settings } from './configuration/settings.js';
import { DataSource } from './database/database.js';
import { HealthController } from './health/health.controller.js';
import { Readiness } from './health/readiness.js';
import { Draining } from './http/draining.js';
import { InputPipe } from './http/input-pipe.js';
import { ProblemFilter } from './http/problem-filter.js';
import type { Logger } from './logging/logger.js';
import { MetricsController } from './metrics/metrics.controller.js';
import { Metrics } from './metrics/metrics.js';
import { CLOCK, IDS, LOGGER, SETTINGS, SUBJECT_KEYS } from './ports.js';
import { AccessGuard } from './security/access-guard.js';
import { Authenticator } from './security/authenticator.js';
import { DeclaredRoutes } from './security/declared-routes.js';
import { FailedAttempts } from './security/failed-attempts.js';
import { JwtVerifier } from './security/jwt-verifier.js';
import type { SubjectKeys } from './security/subject-keys.js';
import { TokenRegistry } from './security/token-registry.js';

export interface PlatformParts {
  settings: Settings;
  clock: Clock;
  ids: Ids;
  logger: Logger;
  /** Initialised and migrated. */
  dataSource: DataSource;
  subjectKeys: SubjectKeys;
}

/**
 * What every process with an HTTP door shares, for all modules: the guard, the problem filter and the input pipe; health and
 * metrics routes; and by injection DataSource, TokenRegistry, Metrics, Readiness, Draining, DeclaredRoutes, SETTINGS, CLOCK,
 * IDS, LOGGER, SUBJECT_KEYS.
 */
@Module({})
export class PlatformModule {
  static with({ settings, clock, ids, logger, dataSource, subjectKeys }: PlatformParts): DynamicModule {
    const tokens = new TokenRegistry(dataSource, clock);
    const { oidcIssuer: issuer, oidcAudience: audience, oidcRolesClaim: rolesClaim } = settings;
    const jwts = issuer && audience ? new JwtVerifier({ issuer, audience, rolesClaim }, clock) : undefined;
    const shared = [
      { provide: SETTINGS, useValue: settings },
      { provide: CLOCK, useValue: clock },
      { provide: IDS, useValue: ids },
      { provide: LOGGER, useValue: logger },
      { provide: SUBJECT_KEYS, useValue: subjectKeys },
      { provide: DataSource, useValue: dataSource },
      { provide: TokenRegistry, useValue: tokens },
      {
        provide: Authenticator,
        useValue: new Authenticator(tokens, jwts, new FailedAttempts(settings.publicRatePerMinute)),
      },
      { provide: Metrics, useFactory: measured, inject: [HttpAdapterHost] },
      { provide: Readiness, useValue: databaseReadiness(dataSource) },
      Draining,
      DeclaredRoutes,
    ];
    return {
      module: PlatformModule,
      global: true,
      imports: [DiscoveryModule],
      controllers: [HealthController, MetricsController],
      providers: [
        ...shared,
        { provide: APP_GUARD, useClass: AccessGuard },
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_PIPE, useClass: InputPipe },
      ],
      exports: shared,
    };
  }
}

function measured(host: HttpAdapterHost): Metrics {
  const metrics = new Metrics();
  const server = host.httpAdapter?.getInstance();
  if (server) metrics.measure(server);
  return metrics;
}

function databaseReadiness(dataSource: DataSource): Readiness {
  const readiness = new Readiness();
  readiness.register('database', async () => {
    await dataSource.query('SELECT 1');
  });
  return readiness;
}

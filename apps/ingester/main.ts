import { NestFactory } from '@nestjs/core';
import { Ingest } from '../../libs/ingest/ingest.js';
import { nestLogger } from '../../libs/platform/logging/nest-logger.js';
import { composeBackground } from '../composition/background.js';
import { countIngest } from '../composition/ingest-metrics.js';
import { runRole } from '../composition/process-life.js';
import { startRole } from '../composition/role.js';
import { ingesterOf } from '../composition/workers.js';
import { GatewayModule } from '../gateway/gateway.module.js';

runRole('ingester', (options) =>
  startRole(options, async (runtime) => {
    // Events that are processed as commands need the handlers of every context; their HTTP routes stay closed.
    const handlers = await NestFactory.createApplicationContext(GatewayModule.with(runtime), {
      logger: nestLogger(runtime.logger),
      abortOnError: false,
    });
    return composeBackground(runtime, 'ingester', (metrics) => {
      const ingest = handlers.get(Ingest);
      countIngest(ingest, runtime.quarantine, metrics);
      const ingester = ingesterOf(runtime, metrics, ingest);
      const run = async (signal: AbortSignal) => {
        await ingester.run(signal);
        await handlers.close();
      };
      return [{ run }];
    });
  }),
);

import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../platform/metrics/metrics.js';

const MS_IN_S = 1000;

/** Measures every answer under its route's template, never under its path: there is no end of paths. */
export function measureRequests(server: FastifyInstance, metrics: Metrics): void {
  const durations = metrics.histogram({
    name: 'http_request_duration_seconds',
    help: 'Time to answer a request',
    labels: ['method', 'route', 'status'],
  });
  server.addHook('onResponse', (request, reply, done) => {
    const labels = { method: request.method, route: request.routeOptions.url ?? 'unknown', status: reply.statusCode };
    durations.observe(labels, reply.elapsedTime / MS_IN_S);
    done();
  });
}

import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../platform/metrics/metrics.js';

const MS_IN_S = 1000;

/** Labels each duration with the route's template, never with the path: the number of paths has no bound. */
export function measureRequests(server: FastifyInstance, metrics: Metrics): void {
  const durations = metrics.histogram(
    'http_request_duration_seconds',
    'Duration of an HTTP request, from its arrival to the end of the response',
    ['method', 'route', 'status'],
  );
  server.addHook('onResponse', (request, reply, done) => {
    const labels = { method: request.method, route: request.routeOptions.url ?? 'unknown', status: reply.statusCode };
    durations.observe(labels, reply.elapsedTime / MS_IN_S);
    done();
  });
}

import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../platform/metrics/metrics.js';

const MS_IN_S = 1000;

interface MeasuredRequest {
  method: string;
  /** The route's template, never the path: the number of paths has no bound. */
  route: string;
  status: number;
}

/** Returns the function that records the duration of a request, from its arrival to the end of the response. */
export function requestDurations(metrics: Metrics): (request: MeasuredRequest, durationMs: number) => void {
  const durations = metrics.histogram(
    'http_request_duration_seconds',
    'Duration of an HTTP request, from its arrival to the end of the response',
    ['method', 'route', 'status'],
  );
  return ({ method, route, status }, durationMs) => durations.observe({ method, route, status }, durationMs / MS_IN_S);
}

export function measureRequests(server: FastifyInstance, metrics: Metrics): void {
  const record = requestDurations(metrics);
  server.addHook('onResponse', ({ method, routeOptions }, reply, done) => {
    record({ method, route: routeOptions.url ?? 'unknown', status: reply.statusCode }, reply.elapsedTime);
    done();
  });
}

import type { FastifyInstance } from 'fastify';
import type { Histogram } from 'prom-client';
import type { Metrics } from '../platform/metrics/metrics.js';

const MS_IN_S = 1000;

interface MeasuredRequest {
  method: string;
  /** The route's template, never the path: the number of paths has no bound. */
  route: string;
  status: number;
}

/** Durations of requests, from their arrival to the end of the response. */
export class RequestDurations {
  private readonly histogram: Histogram;

  constructor(metrics: Metrics) {
    this.histogram = metrics.histogram(
      'http_request_duration_seconds',
      'Duration of an HTTP request, from its arrival to the end of the response',
      ['method', 'route', 'status'],
    );
  }

  record({ method, route, status }: MeasuredRequest, durationMs: number): void {
    this.histogram.observe({ method, route, status }, durationMs / MS_IN_S);
  }

  /** Records every request that a route of the server answers. */
  measure(server: FastifyInstance): void {
    server.addHook('onResponse', ({ method, routeOptions }, reply, done) => {
      this.record({ method, route: routeOptions.url ?? 'unknown', status: reply.statusCode }, reply.elapsedTime);
      done();
    });
  }
}

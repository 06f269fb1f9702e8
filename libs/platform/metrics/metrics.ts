import { Injectable } from '@nestjs/common';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

const PREFIX = 'gatehouse_';
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * The process's metrics, in one registry. A name is new and in snake_case with its unit, without the prefix `gatehouse_`.
 */
@Injectable()
export class Metrics {
  readonly registry = new Registry();

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** @param collect sets the value at every scrape */
  counter(
    name: string,
    help: string,
    labels: readonly string[] = [],
    collect?: (counter: Counter) => void | Promise<void>,
  ): Counter {
    return new Counter({ ...this.registered(name, help, labels), ...collecting(collect) });
  }

  /** @param collect sets the value at every scrape, for values that are too costly to keep up to date */
  gauge(
    name: string,
    help: string,
    labels: readonly string[] = [],
    collect?: (gauge: Gauge) => void | Promise<void>,
  ): Gauge {
    return new Gauge({ ...this.registered(name, help, labels), ...collecting(collect) });
  }

  /** Of durations in seconds. */
  histogram(name: string, help: string, labels: readonly string[] = []): Histogram {
    return new Histogram({ ...this.registered(name, help, labels), buckets: SECONDS });
  }

  private registered(name: string, help: string, labels: readonly string[]) {
    return { name: PREFIX + name, help, labelNames: [...labels], registers: [this.registry] };
  }
}

const collecting = <Metric>(collect: ((metric: Metric) => void | Promise<void>) | undefined) =>
  collect && {
    collect(this: Metric) {
      return collect(this);
    },
  };

import { Injectable } from '@nestjs/common';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

const PREFIX = 'gatehouse_';
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

interface Description {
  /** snake_case with its unit, without the prefix `gatehouse_`. */
  name: string;
  help: string;
  labels?: readonly string[];
}

/** The process's metrics, in one registry. A name must be new. */
@Injectable()
export class Metrics {
  readonly registry = new Registry();

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  counter(description: Description): Counter {
    return new Counter(this.registered(description));
  }

  /** @param collect sets the value at every scrape, for values that are too costly to keep up to date */
  gauge(description: Description, collect?: (gauge: Gauge) => void | Promise<void>): Gauge {
    const collected = collect && {
      collect(this: Gauge) {
        return collect(this);
      },
    };
    return new Gauge({ ...this.registered(description), ...collected });
  }

  /** Of durations in seconds. */
  histogram(description: Description): Histogram {
    return new Histogram({ ...this.registered(description), buckets: SECONDS });
  }

  private registered({ name, help, labels = [] }: Description) {
    return { name: PREFIX + name, help, labelNames: [...labels], registers: [this.registry] };
  }
}

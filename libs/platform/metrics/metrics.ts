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

/** The process's metrics, in one registry. A second request for a name returns the existing metric. */
@Injectable()
export class Metrics {
  readonly registry = new Registry();

  /** @param processMetrics whether to report memory, event loop and garbage collection too */
  constructor(processMetrics = true) {
    if (processMetrics) collectDefaultMetrics({ register: this.registry });
  }

  counter({ name, help, labels = [] }: Description): Counter {
    return (
      this.known(name) ??
      new Counter({ name: PREFIX + name, help, labelNames: [...labels], registers: [this.registry] })
    );
  }

  /** @param collect sets the value at every scrape, for values that are too costly to keep up to date */
  gauge({ name, help, labels = [] }: Description, collect?: (gauge: Gauge) => void | Promise<void>): Gauge {
    return (
      this.known(name) ??
      new Gauge({
        name: PREFIX + name,
        help,
        labelNames: [...labels],
        registers: [this.registry],
        ...(collect && {
          collect() {
            return collect(this);
          },
        }),
      })
    );
  }

  /** The default buckets are for durations in seconds. */
  histogram({ name, help, labels = [] }: Description, buckets: readonly number[] = SECONDS): Histogram {
    return (
      this.known(name) ??
      new Histogram({
        name: PREFIX + name,
        help,
        labelNames: [...labels],
        buckets: [...buckets],
        registers: [this.registry],
      })
    );
  }

  private known<Metric>(name: string): Metric | undefined {
    return this.registry.getSingleMetric(PREFIX + name) as Metric | undefined;
  }
}

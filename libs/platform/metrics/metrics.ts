import { Injectable } from '@nestjs/common';
import {
  Counter,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  type Metric,
  type OpenMetricsContentType,
  Registry,
} from 'prom-client';

const PREFIX = 'gatehouse_';
/** Gauges of the default metrics that have the name of a counter; `nodejs_active_resources` and others say the same. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];
const TOTAL = /_total$/;
/** OpenMetrics wants the bounds of buckets as floating-point numbers. */
const WHOLE_BOUND = /(?<=\ble=")\d+(?=")/g;
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** One value of a gauge, with its labels. */
export interface Reading {
  labels?: Record<string, string>;
  value: number;
}

export interface MetricsText {
  contentType: string;
  text: string;
}

/**
 * The process's metrics, in one registry. A name is new and in snake_case with its unit, without the prefix `gatehouse_`.
 */
@Injectable()
export class Metrics {
  readonly registry = new Registry();

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    for (const name of MISNAMED) this.registry.removeSingleMetric(name);
  }

  /** All metrics in Prometheus's text format 0.0.4. */
  async prometheusText(): Promise<MetricsText> {
    return { contentType: this.registry.contentType, text: await this.registry.metrics() };
  }

  /** All metrics in OpenMetrics 1.0. */
  async openMetricsText(): Promise<MetricsText> {
    const registry = new Registry<OpenMetricsContentType>();
    registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    for (const { name } of this.registry.getMetricsAsArray())
      registry.registerMetric(withoutTotal(name, this.registry.getSingleMetric(name)!));
    const text = await registry.metrics();
    return { contentType: registry.contentType, text: text.replace(WHOLE_BOUND, '$&.0') };
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

  /**
   * A gauge that is read at each scrape. Without an answer it has no value, while the other metrics are still reported: an
   * outage must look neither like 0 nor, once it is over, like an increase.
   */
  readGauge(name: string, help: string, labels: readonly string[], read: () => Promise<readonly Reading[]>): void {
    this.gauge(name, help, labels, async (gauge) => {
      const readings = await read().catch(() => []);
      gauge.reset();
      // Without labels it is 0 once it is reset.
      if (labels.length === 0) gauge.remove();
      for (const { labels: of = {}, value } of readings) gauge.set(of, value);
    });
  }

  /** Of durations in seconds. */
  histogram(name: string, help: string, labels: readonly string[] = []): Histogram {
    return new Histogram({ ...this.registered(name, help, labels), buckets: SECONDS });
  }

  private registered(name: string, help: string, labels: readonly string[]) {
    return { name: PREFIX + name, help, labelNames: [...labels], registers: [this.registry] };
  }
}

const collecting = <Measured>(collect: ((metric: Measured) => void | Promise<void>) | undefined) =>
  collect && {
    collect(this: Measured) {
      return collect(this);
    },
  };

/** The library would rename the counter itself, also for the other format. */
function withoutTotal(fullName: string, metric: Metric): Metric {
  const name = fullName.replace(TOTAL, '');
  const values = async () => ({ ...(await valuesOf(metric)), name });
  return { ...metric, name, get: values, getForPromString: values } as unknown as Metric;
}

const valuesOf = (metric: Metric): Promise<object> =>
  'getForPromString' in metric ? (metric.getForPromString as () => Promise<object>)() : metric.get();

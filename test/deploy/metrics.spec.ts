import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { ingesterOf, publisherOf } from '../../apps/composition/workers.js';
import { Ingest } from '../../libs/ingest/ingest.js';
import { Metrics } from '../../libs/platform/metrics/metrics.js';
import { startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

const NAMES = /\b(?:gatehouse|nodejs|process|go|http)_[a-z0-9_]+/g;
/** Suffixes of a histogram's series. */
const PARTS = /_(?:bucket|count|sum)$/;

describe('alerts and dashboard', () => {
  let gatehouse: TestGatehouse;
  let measured: Set<string>;

  beforeAll(async () => {
    gatehouse = await startGatehouse();
    const { app, runtime } = gatehouse;
    // The Kafka workers register metrics too; they connect only when they run.
    const withKafka = { ...runtime, settings: { ...runtime.settings, kafkaBrokers: ['127.0.0.1:1'] } };
    ingesterOf(withKafka, app.get(Metrics), app.get(Ingest));
    publisherOf(withKafka, app.get(Metrics));
    const { body } = await gatehouse.administrator.get('/metrics');
    measured = new Set([...body.matchAll(/^# TYPE (\S+)/gm)].map(([, name]: string[]) => name!));
  });
  afterAll(() => gatehouse.close());

  const unknownOf = (text: string) =>
    [...new Set(text.match(NAMES))].filter((name) => !measured.has(name) && !measured.has(name.replace(PARTS, '')));

  it('use only metrics that a process reports', () => {
    const rules = parse(readFileSync('deploy/alerts.yml', 'utf8')).groups.flatMap(
      (group: { rules: object[] }) => group.rules,
    );
    const panels = JSON.parse(readFileSync('deploy/dashboards/gatehouse.json', 'utf8')).panels;
    const expressions = [
      ...rules.map(({ expr }: { expr: string }) => expr),
      ...panels.flatMap(({ targets }: { targets: { expr: string }[] }) => targets.map(({ expr }) => expr)),
    ];
    expect(expressions.length).toBeGreaterThan(20);
    expect(unknownOf(expressions.join('\n'))).toEqual([]);
  });

  it('and the operations guide name every metric of ours', () => {
    const guide = readFileSync('docs/operations/monitoring.md', 'utf8');
    const ours = [...measured].filter((name) => name.startsWith('gatehouse_'));
    expect(ours.length).toBeGreaterThan(15);
    expect(ours.filter((name) => !guide.includes(`| \`${name}\` `))).toEqual([]);
    expect(unknownOf(guide)).toEqual([]);
  });

  it('the dashboard shows every metric of ours, unless another panel implies it', () => {
    const implied = ['gatehouse_consumer_position', 'gatehouse_reactor_parked_events_total'];
    const dashboard = readFileSync('deploy/dashboards/gatehouse.json', 'utf8');
    const ours = [...measured].filter((name) => name.startsWith('gatehouse_'));
    expect(ours.filter((name) => !dashboard.includes(name)).sort()).toEqual(implied);
  });

  it('are documented: each alert has a summary, a description, a severity and a row in the operations guide', () => {
    const guide = readFileSync('docs/operations/distributed.md', 'utf8');
    for (const { groups } of [parse(readFileSync('deploy/alerts.yml', 'utf8'))]) {
      for (const { alert, annotations, labels, for: lasting } of groups[0].rules) {
        expect(guide).toContain(`| \`${alert}\` `);
        expect([annotations.summary, annotations.description, lasting]).not.toContain(undefined);
        expect(['page', 'ticket']).toContain(labels.severity);
      }
    }
  });

  it('find a value for each metric whose absence means that the stores are unavailable', async () => {
    const { body } = await gatehouse.administrator.get('/metrics');
    expect(body).toMatch(/^gatehouse_log_head_position \d+$/m);
    expect(body).toMatch(/^gatehouse_access_replica_age_seconds [\d.e-]+$/m);
    expect(body).toMatch(/^gatehouse_projector_owned_shards \d$/m);
  });
});

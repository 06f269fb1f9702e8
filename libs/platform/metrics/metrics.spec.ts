import { expect, it } from '@jest/globals';
import { Metrics } from './metrics.js';

it('a gauge that can’t be read has no value, whatever it had before, and hides no other', async () => {
  const metrics = new Metrics();
  let isAway = false;
  const read = async (readings: { labels?: Record<string, string>; value: number }[]) => {
    if (isAway) throw new Error('the database is away');
    return readings;
  };
  metrics.readGauge('plain', 'Without labels', [], () => read([{ value: 3 }]));
  metrics.readGauge('named', 'With labels', ['reason'], () => read([{ labels: { reason: 'a' }, value: 0 }]));
  metrics.gauge('other', 'Of the process').set(1);
  const shown = async () => ((await metrics.prometheusText()).text.match(/^gatehouse_.*$/gm) ?? []) as string[];
  const all = ['gatehouse_plain 3', 'gatehouse_named{reason="a"} 0', 'gatehouse_other 1'];
  expect(await shown()).toEqual(all);
  isAway = true;
  expect(await shown()).toEqual(['gatehouse_other 1']);
  isAway = false;
  expect(await shown()).toEqual(all);
});

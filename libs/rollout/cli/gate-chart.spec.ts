import { expect, it } from '@jest/globals';
import { stageExample } from '../queries/gate-answers.js';
import { seriesChart } from './gate-chart.js';

const point = (day: string, upper: number, lower = 0) => ({
  day,
  exposures: 1,
  pending: 0,
  confirmed: 0,
  lower,
  upper,
});
const series = (...points: ReturnType<typeof point>[]) => ({
  stage: stageExample,
  limit: 0.0005,
  points,
  position: '9',
});

it('draws the bounds of each day against the limit, on one line each', () => {
  const drawn = seriesChart(
    series(point('2022-05-18', 0.05), point('2022-05-19', 0.005), point('2022-05-20', 0.0004, 0.0001)),
  );
  const rows = drawn.split('\n');
  expect(rows).toHaveLength(17);
  expect(rows[0]).toBe('       5% ┬  ');
  const limit = rows.find((row) => row.includes('0.05% '))!;
  expect(limit).toBe('    0.05% ───');
  expect(rows.at(-3)).toMatch(/0\.005% ┴┴/);
  expect(rows.at(-2)).toBe('          2022-05-18 to 2022-05-20');
  expect(rows.at(-1)).toBe(
    'Violation rate of the stage: at most 0.04% if every flag that waits is a violation, limit 0.05%.',
  );
});

it('draws at most 60 columns, of which the last is the newest day', () => {
  const days = Array.from({ length: 150 }, (_, n) => point(`day-${n}`, 0.01));
  const rows = seriesChart(series(...days)).split('\n');
  expect(Math.max(...rows.slice(0, 15).map((row) => row.length))).toBeLessThanOrEqual(70);
  expect(rows.at(-2)).toBe('          day-2 to day-149, every 3 days with exposures');
});

it('says that nothing counts yet', () => {
  expect(seriesChart(series())).toBe('No exposure of this stage is old enough to count.');
});

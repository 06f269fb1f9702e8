import { PassThrough } from 'node:stream';
import { expect, it } from '@jest/globals';
import type { StatisticsReport } from '../../../libs/gate/trials/statistics-report.js';
import { reportParts, statisticsReport } from '../../../libs/gate/trials/statistics-report.js';
import { runCommandLine } from '../program.js';
import { statisticsText } from './statistics-text.js';

async function simulate(...args: string[]) {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const terminal = { env: {}, stdout, stderr, signal: new AbortController().signal };
  const code = await runCommandLine(['simulate', '--statistics', '--runs', '100', ...args], terminal);
  return { code, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') };
}

it('measures the gate beside other rules, the same for the same seed', async () => {
  const [one, same, other] = [
    await simulate('--json'),
    await simulate('--json', '--seed', '1'),
    await simulate('--json', '--seed', '2'),
  ];
  expect({ code: one.code, stderr: one.stderr }).toEqual({ code: 0, stderr: '' });
  expect(same.stdout).toBe(one.stdout);
  const [report, otherReport] = [JSON.parse(one.stdout), JSON.parse(other.stdout)] as StatisticsReport[];
  expect(report!.keepsPromise).toBe(true);
  expect(report!.opening).toEqual(otherReport!.opening);
  expect(report!.clustering).not.toEqual(otherReport!.clustering);
  const [gate] = report!.opening;
  expect(gate!.byRate.map(({ medianExposures }) => medianExposures).slice(1, 5)).toEqual([
    314_184, 37_617, 24_599, 13_191,
  ]);
  expect(report!.ramps.map(({ steps }) => steps)).toEqual([1, 2, 3, 5, 10, 20]);
});

it('shows the tables, and whether the gate keeps its promise', async () => {
  const { code, stdout, stderr } = await simulate();
  expect(code).toBe(0);
  expect(stderr).toMatch(/statistics: \d+ of 16/);
  expect(stdout).toMatch(
    /^gate +4\.6% +95\.2% \(314,184\) +100% \(37,617\) +100% \(24,599\) +100% \(13,191\) +0\.02%$/m,
  );
  expect(stdout).toMatch(/^Lan-DeMets, 10 looks +4\.8% +99\.9% \(500,000\)/m);
  expect(stdout).toMatch(/^all of alpha +15,515 +3,089 +811$/m);
  expect(stdout).toMatch(/^every image, never stopped, three of each account counted .*none/m);
  expect(stdout).toMatch(
    /The gate keeps its promise: it opens wrongly in at most 5%, in simulations 11\.5% with three/,
  );
});

it('counts its parts, and says so if the gate breaks its promise', () => {
  const parts = statisticsReport(100, 1);
  let part = parts.next();
  let count = 0;
  for (; !part.done; part = parts.next()) count++;
  expect(count).toBe(reportParts());
  expect(statisticsText({ ...part.value, keepsPromise: false })).toMatch(/THE GATE BREAKS ITS PROMISE/);
});

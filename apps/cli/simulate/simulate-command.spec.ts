import 'reflect-metadata';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, it } from '@jest/globals';
import type { StatisticsReport } from '../../../libs/gate/trials/statistics-report.js';
import { reportParts, statisticsReport } from '../../../libs/gate/trials/statistics-report.js';
import { badCohort } from '../../simulation/scenarios.js';
import { runCommandLine } from '../program.js';
import { statisticsText } from './statistics-text.js';

const simulate = (...args: string[]) => run('--statistics', '--runs', '100', ...args);

async function run(...args: string[]) {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const terminal = { env: {}, stdout, stderr, signal: new AbortController().signal };
  const code = await runCommandLine(['simulate', ...args], terminal);
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
  expect(report!.ramps.map(({ steps }) => steps)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
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
  expect(stdout).toMatch(
    /^stages +gate +gate, planned +alpha in each +Lan-DeMets +Lan-DeMets, planned +Clopper-Pearson +share below the limit$/im,
  );
  expect(stdout).toMatch(/^every image, never stopped, three of each account counted .*none/m);
  expect(stdout).toMatch(
    /The gate keeps its promise: it opens wrongly in at most 5%, in simulations 11\.5% with three/,
  );
});

it('plays the scenario of a file, writes its page and leaves nothing behind', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-played-'));
  const [file, page] = [join(directory, 'mine.json'), join(directory, 'page.html')];
  await writeFile(file, JSON.stringify({ ...badCohort, name: 'mine', days: 2, expects: { brakes: true } }));
  const before = await leftBehind();
  const { code, stdout, stderr } = await run('--scenario', file, '--report', page);
  expect({ code, stderr }).toEqual({ code: 7, stderr: expect.stringContaining('simulated days') });
  expect(stdout).toMatch(/^Scenario mine, seed 1, scale 1: 2 days, [\d,]+ events\.$/m);
  expect(stdout).toMatch(/^the gate brakes +yes +no +DIFFERS$/m);
  expect(await readFile(page, 'utf8')).toContain('<title>Simulated rollout: mine</title>');
  expect(await leftBehind()).toEqual(before);
  await rm(directory, { recursive: true });
});

it('says before it plays that its page can’t be written', async () => {
  const { code, stdout, stderr } = await run('--scenario', 'bad-cohort', '--report', 'no-such-folder/page.html');
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/--report no-such-folder\/page\.html can't be written \(ENOENT\): name a file/);
});

it.each([
  [['--scenario', 'beta', '--rates', '10'], /^.*--rates changes nothing with --scenario: leave it out/],
  [['--scenario', 'beta', '--history', '12', '--weeks', '8'], /--history changes nothing .*--weeks changes nothing/],
  [['--scenario', 'beta', '--runs', '3'], /--runs changes nothing with --scenario/],
  [['--scenario', 'beta', '--print', '--report', 'x.html'], /--report changes nothing with --scenario and --print/],
  [['--scenario', 'beta', '--print', '--scale', '0.1', '--seed', '1'], /--scale changes .*--seed changes/],
  [['--from-log', '--print', '--rates', '10'], /--rates changes nothing with --from-log and --print/],
  [['--from-log', '--print', '--report', 'x.html', '--runs', '2'], /--report changes .*--runs changes/],
  [['--statistics', '--report', 'x.html'], /--report changes nothing with --statistics/],
  [['--statistics', '--print'], /--print changes nothing with --statistics/],
  [['--schema', '--scale', '1'], /--scale changes nothing with --schema/],
  [['--from-log', '--rates', '20,40', '--scale', '0.01'], /--scale of 0\.01 makes .*: take 0\.05, or other --rates/],
  [['--from-log', '--rates', '20000000'], /--rates must be one to 6 integers from 1 to 10000000/],
])('refuses %j, before it asks or plays anything', async (args, why) => {
  const { code, stdout, stderr } = await run(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr.replaceAll('\n', ' ')).toMatch(why);
});

/** Only this command makes folders of this name; other specs may play scenarios at the same time. */
const leftBehind = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('gatehouse-simulated-'));

it('counts its parts, and says so if the gate breaks its promise', () => {
  const parts = statisticsReport(100, 1);
  let part = parts.next();
  let count = 0;
  for (; !part.done; part = parts.next()) count++;
  expect(count).toBe(reportParts());
  expect(statisticsText({ ...part.value, keepsPromise: false })).toMatch(/THE GATE BREAKS ITS PROMISE/);
});

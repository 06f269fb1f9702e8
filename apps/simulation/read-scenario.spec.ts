import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { runCommandLine } from '../cli/program.js';
import { readScenario, scenarioOf } from './read-scenario.js';
import { SCENARIOS } from './scenarios.js';

const [one] = SCENARIOS;

async function simulate(...args: string[]) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const terminal = { env: {}, stdout, stderr, signal: new AbortController().signal };
  const code = await runCommandLine(['simulate', ...args], terminal);
  return { code, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') };
}

describe('a scenario', () => {
  it.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))('%s is valid', (name, scenario) => {
    expect(scenarioOf(JSON.stringify(scenario), name)).toEqual(scenario);
  });

  it('is read from a file as it is printed', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'gatehouse-scenario-'));
    const file = join(directory, 'mine.json');
    const { code, stdout } = await simulate('--scenario', 'bad-cohort', '--print');
    await writeFile(file, stdout);
    expect({ code, read: await readScenario(file) }).toEqual({ code: 0, read: await readScenario('bad-cohort') });
    await rm(directory, { recursive: true });
  });

  it.each([
    ['/perWeek is missing', { perWeek: undefined }],
    ['/stepHours must be one of 1, 2, 3, 4, 6, 8, 12, 24', { stepHours: 5 }],
    ['/weather is not a field of a scenario; leave it out', { weather: 'fine' }],
    ['/arrivals/atStart must be integer', { arrivals: { atStart: 1.5, perWeek: 0 } }],
    ['/gate/limit must be <= 0.5', { gate: { limit: 0.6 } }],
    ['/raises must rise from perWeek on; put the rates in order', { raises: [10] }],
    ['/phases names the class nobody', { phases: [{ day: 1, phase: 'weekly', classes: ['nobody'] }] }],
    [
      '/phases must begin one after the other',
      {
        phases: [
          { day: 2, phase: 'weekly' },
          { day: 2, phase: 'open' },
        ],
      },
    ],
    ['/people has the class general more than once', { people: [one!.people[0], one!.people[0]] }],
    ['/people shares and downloads more images', { people: [{ ...one!.people[0], sharedShare: 0.9 }] }],
    ['/people has more violations', { people: [{ ...one!.people[0], violatorShare: 0.0001 }] }],
    ['/plan/classes names the class nobody', { plan: { mode: 'order', classes: [{ class: 'nobody' }] } }],
  ])('is refused with the field and the remedy: %s', (message, change) => {
    expect(() => scenarioOf(JSON.stringify({ ...one, ...change }), 'mine.json')).toThrow(message);
  });

  it('names every fault at once', () => {
    expect(() => scenarioOf(JSON.stringify({ ...one, days: 0, perWeek: 0 }), 'mine.json')).toThrow(
      /\/days must be >= 1.*\/perWeek must be >= 1/,
    );
  });

  it('says that a file is missing or no JSON', async () => {
    expect(() => scenarioOf('{', 'mine.json')).toThrow('mine.json is no JSON');
    expect(await simulate('--scenario', 'no-such-file.json')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('name a file, or one of preview-2022'),
    });
  });
});

it('prints the schema of scenarios', async () => {
  const { code, stdout } = await simulate('--schema');
  expect({ code, schema: JSON.parse(stdout) }).toMatchObject({
    code: 0,
    schema: { $schema: 'https://json-schema.org/draft/2020-12/schema', required: expect.arrayContaining(['perWeek']) },
  });
});

it.each([[[]], [['--schema', '--statistics']]])('needs one thing to do: %j', async (args) => {
  expect(await simulate(...args)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('give one of --scenario, --from-log, --schema and --statistics'),
  });
});

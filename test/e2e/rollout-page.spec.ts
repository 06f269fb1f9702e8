import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { TokenRegistry } from '../../libs/http/credentials/token-registry.js';
import { DAY_MS, toIso } from '../../libs/kernel/clock.js';
import { PHASE_ENTRIES } from '../../libs/rollout/phase.js';
import { commandLineFor } from '../support/cli-process.js';
import { type Client, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { until } from '../support/until.js';

const PAGE = 'docs/operations/rollout.md';
const BY_ANOTHER = '# another person';

let gatehouse: TestGatehouse;
let operator: Client;
/** The page says which command another person runs. */
let commandLines: Record<'one' | 'another', ReturnType<typeof commandLineFor>>;
let accounts: string[] = [];

beforeAll(async () => {
  gatehouse = await startGatehouse({ background: true, env: { GATEHOUSE_RATE_PER_WEEK_ALONE: '5000' } });
  const { url } = gatehouse;
  const tokens = gatehouse.app.get(TokenRegistry);
  const commandLineOf = async (name: string) => {
    const { secret } = await tokens.create({ name, roles: ['operator'], createdBy: 'spec' });
    return commandLineFor({ url, token: secret });
  };
  commandLines = { one: await commandLineOf('olga'), another: await commandLineOf('omar') };
  operator = await gatehouse.as('reader', 'operator');
  const site = await gatehouse.as('web-site', 'service');
  for (let n = 0; n < 10; n++) {
    const joined = await site.post('/v1/waitlist', { email: `p-${n}@example.org` });
    accounts = [...accounts, joined.body.accountId];
  }
});
afterAll(() => gatehouse.close());

/** The value of each word in capitals, which an operator looks up: where the page says. */
const LOOKED_UP: Record<string, () => Promise<string>> = {
  ACCOUNTS: async () => accounts.slice(4, 6).join(','),
  TESTERS: async () => accounts.slice(-2).join(','),
  PLANNED: async () => (await operator.get('/v1/rollout')).body.planned[0].changeId,
  PLAN: async () => (await operator.get('/v1/rollout')).body.ramp.planId,
  RATE: () => positionOf('OnboardingRateSet'),
  PHASE: () => positionOf('RolloutPhaseSet'),
  TIME: async () => toIso(Date.now() + DAY_MS),
  async MOVE() {
    const moves = async () => (await operator.get('/v1/rollout/timeline')).body.moves;
    await until(async () => (await moves()).length > 0);
    return (await moves()).at(-1).position;
  },
};

async function positionOf(type: string): Promise<string> {
  const { items } = (await operator.get('/v1/rollout/history?limit=500')).body;
  return items.find((one: { type: string }) => one.type === type).position;
}

async function wordsOf(command: string): Promise<string[]> {
  const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
  return Promise.all(words.map(async (word) => (await LOOKED_UP[word]?.()) ?? word));
}

const commands = [...readFileSync(PAGE, 'utf8').matchAll(/^gatehouse (.*)$/gm)].map(([, command]) => command!);

it('names commands', () => {
  expect(commands.length).toBeGreaterThan(40);
});

it('has only commands that work, in the order of the page', async () => {
  for (const command of commands) {
    const [own = '', another] = command.split(BY_ANOTHER);
    const commandLine = commandLines[another === undefined ? 'one' : 'another'];
    const { code, stderr } = await commandLine.run(...(await wordsOf(own.trim())));
    expect({ command, code, stderr: code === 0 ? '' : stderr }).toEqual({ command, code: 0, stderr: '' });
  }
  const { body } = await operator.get('/v1/rollout');
  expect(body).toMatchObject({
    ...{ perWeek: 1000, daily: false, paused: false, planned: [], proposals: [], ramp: null },
    phase: { phase: 'preview', ceiling: 500 },
  });
});

it('says which ways each phase allows, as they are', () => {
  const rows = [...readFileSync(PAGE, 'utf8').matchAll(/^\| `(\w+)` +\|(.*)\|$/gm)];
  const ways = ['listed', 'invitation', 'line', 'schedule', 'joining'];
  expect(rows.map(([, phase, cells]) => [phase, ways.filter((_, n) => cells!.split('|')[n]!.includes('yes'))])).toEqual(
    Object.entries(PHASE_ENTRIES),
  );
});

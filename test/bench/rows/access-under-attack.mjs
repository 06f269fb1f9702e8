import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startBareRoute } from '../bare-route.mjs';
import { askForAll, evaluation } from '../evaluations.mjs';
import { loadMembers, memberId } from '../loading.mjs';
import { quantile, whole } from '../measure.mjs';
import { onDatabase, startStandalone } from '../standalone.mjs';
import { askSteadily } from '../steady-load.mjs';

const P99_MS = 50;
const ACCOUNTS = 1_000;
const QUESTIONS_PER_SECOND = 200;
const ASKING = 8;
const ATTACK = fileURLToPath(new URL('../anonymous-attack-process.mjs', import.meta.url));
const BARE = 'bare Fastify route, beside the same attack on Gatehouse';

export const name = 'access-under-attack';
export const budget = `access decision while one anonymous address does its worst: p99 < ${P99_MS} ms`;

export async function run({ server, loadSeconds, profile, log }) {
  const database = await server.createGatehouseDatabase('access_under_attack_gatehouse');
  await loadMembers(database.connection, ACCOUNTS);
  const standalone = await startStandalone(onDatabase(database.connection), profile);
  const bare = await startBareRoute();
  let attack;
  try {
    await standalone.caughtUp();
    await askForAll(standalone, ACCOUNTS);
    const count = QUESTIONS_PER_SECOND * loadSeconds;
    const questions = (token) =>
      Array.from({ length: count }, (_, n) => evaluation(token, memberId(n % ACCOUNTS), 'generate'));
    const timesOf = (target) => askSteadily(target, ASKING, QUESTIONS_PER_SECOND, questions(target.token));
    const calm = await timesOf(standalone);
    log(`  before the attack: p99 ${ms(quantile(calm, 0.99))}`);
    attack = startAttack(standalone.url);
    const yardstick = await timesOf(bare);
    log(`  ${BARE}: p99 ${ms(quantile(yardstick, 0.99))}`);
    const before = attack.sent();
    const times = await timesOf(standalone);
    const perSecond = (attack.sent() - before) / loadSeconds;
    return [
      {
        what: 'access decision while one anonymous address does its worst, p99',
        budget: `< ${P99_MS} ms`,
        unit: 'ms',
        figure: quantile(times, 0.99),
        against: BARE,
        yardstick: quantile(yardstick, 0.99),
        met: quantile(times, 0.99) < P99_MS,
        detail: `p50 ${ms(quantile(times, 0.5))}, longest ${ms(Math.max(...times))}; without the attack p99 ${ms(quantile(calm, 0.99))}; ${QUESTIONS_PER_SECOND} a second from when each was due, ${count} in all, while ${whole(perSecond)} requests/s were sent ahead over 100 connections`,
      },
    ];
  } finally {
    await attack?.stop();
    bare.stop();
    await standalone.stop();
    await database.drop();
  }
}

function startAttack(url) {
  const child = spawn(process.execPath, [ATTACK, url], { stdio: ['ignore', 'pipe', 'inherit'] });
  const killWithUs = () => child.kill('SIGKILL');
  process.once('exit', killWithUs);
  const gone = once(child, 'exit').finally(() => process.off('exit', killWithUs));
  let sent = 0;
  child.stdout.setEncoding('utf8').on('data', (lines) => {
    sent = Number(lines.trim().split('\n').at(-1));
  });
  return {
    sent: () => sent,
    async stop() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

const ms = (value) => `${value.toFixed(2)} ms`;

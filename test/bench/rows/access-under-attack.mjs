import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { accessMeasure, onBusyGatehouse } from '../access-under-load.mjs';
import { ms, quantile, whole } from '../measure.mjs';

const P99_MS = 50;
const ACCOUNTS = 1_000;
const ATTACK = fileURLToPath(new URL('../anonymous-attack-process.mjs', import.meta.url));
const BARE = 'bare Fastify route, beside the same attack on Gatehouse';
const WHAT = 'access decision while one anonymous address does its worst';

export const name = 'access-under-attack';
export const budget = `${WHAT}: p99 < ${P99_MS} ms`;

export const run = (options) =>
  onBusyGatehouse(options, { row: name, accounts: ACCOUNTS }, async (standalone, times) => {
    const { log, loadSeconds } = options;
    const calm = ms(quantile(await times.ofGatehouse(), 0.99));
    log(`  before the attack: p99 ${calm}`);
    const attack = startAttack(standalone.url);
    try {
      const yardstick = await times.ofBareRoute();
      log(`  ${BARE}: p99 ${ms(quantile(yardstick, 0.99))}`);
      const before = attack.sent();
      const attacked = await times.ofGatehouse();
      const perSecond = (attack.sent() - before) / loadSeconds;
      const conditions = `while ${whole(perSecond)} requests/s were sent ahead over 100 connections; without the attack p99 ${calm}`;
      return [accessMeasure({ what: WHAT, budgetMs: P99_MS, times: attacked, against: BARE, yardstick, conditions })];
    } finally {
      await attack.stop();
    }
  });

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

import { setTimeout as sleep } from 'node:timers/promises';

const LEAST_CALM_MS = 300;
const MOST_CALM_MS = 1_800;
/** Long enough in the short form for an evaluation to grow stale, and for events that hang to be refused. */
const AWAY_MS = { short: { refusing: 8_000, hanging: 24_000 }, long: { refusing: 60_000, hanging: 60_000 } };

/** Faults in an order that chance gives. */
export class FaultPlan {
  kills = 0;
  others = {
    'stopped in order': 0,
    'PostgreSQL crashes': 0,
    'PostgreSQL away': 0,
    'clocks set': 0,
    'broker restarts': 0,
    rebalances: 0,
  };

  constructor(parts) {
    Object.assign(this, parts);
  }

  /** Every kind as often as it comes up in a round, shuffled; each waits a while, and answers what it did. */
  round() {
    const { broker, chance, clockJump, outage, short } = this;
    const away = short ? AWAY_MS.short : AWAY_MS.long;
    const faults = [
      ...Array(8).fill(() => this.#kill(1)),
      ...Array(2).fill(() => this.#kill(2)),
      () => this.#stopInOrder(),
      () => this.#crashPostgres(),
      () => this.#takeAway(() => outage.refuse(away.refusing)),
      () => this.#takeAway(() => outage.hang(away.hanging)),
      ...(clockJump ? [() => this.#setClocks()] : []),
      ...(broker ? [() => this.#restartBroker(), () => this.#rebalance()] : []),
    ];
    for (let i = faults.length - 1; i > 0; i--) {
      const j = chance.between(0, i);
      [faults[i], faults[j]] = [faults[j], faults[i]];
    }
    return faults.map((fault) => async () => {
      await sleep(chance.between(LEAST_CALM_MS, MOST_CALM_MS));
      return fault();
    });
  }

  /** Started again at once; whether the next fault waits until it is ready is left to chance. */
  async #kill(count) {
    const hit = [...new Set(Array.from({ length: count }, () => this.chance.oneOf(this.processes)))];
    await Promise.all(hit.map((one) => one.kill()));
    for (const one of hit) one.start();
    this.kills += hit.length;
    if (this.chance.happens(0.6)) await Promise.all(hit.map((one) => one.ready()));
    return `killed ${hit.map(({ name }) => name).join(' and ')}`;
  }

  async #stopInOrder() {
    const one = this.chance.oneOf(this.processes);
    await one.stop();
    one.start();
    this.others['stopped in order']++;
    return `stopped ${one.name} in order`;
  }

  async #crashPostgres() {
    await this.postgres.crash();
    this.others['PostgreSQL crashes']++;
    return 'crashed PostgreSQL';
  }

  async #takeAway(outage) {
    const told = await outage();
    this.others['PostgreSQL away']++;
    return told;
  }

  async #setClocks() {
    const told = await this.clockJump.run();
    this.others['clocks set']++;
    return told;
  }

  async #restartBroker() {
    const hard = this.chance.happens(0.5);
    await this.broker.restart(hard);
    this.others['broker restarts']++;
    return `restarted the broker${hard ? ' after a kill' : ''}`;
  }

  /** A third ingester comes in while batches are under way, and dies. */
  async #rebalance() {
    const third = this.newProcess('ingester', 'third');
    third.start();
    await third.ready();
    await sleep(this.chance.between(LEAST_CALM_MS, MOST_CALM_MS));
    await third.kill();
    this.kills++;
    this.others.rebalances++;
    return 'let a third ingester come in, and killed it';
  }
}

import { setTimeout as sleep } from 'node:timers/promises';

const MIN_CALM_MS = 300;
const MAX_CALM_MS = 1_800;
/** Even the short ones suffice for an evaluation to become stale, and for pending events to be refused. */
const AWAY_MS = { short: { refusing: 8_000, hanging: 24_000 }, long: { refusing: 60_000, hanging: 60_000 } };

/** Beyond the time after which the others choose a new leader, and beyond every deadline of a request. */
const FROZEN_MS = [5_000, 25_000];

/** Faults in random order. */
export class FaultPlan {
  kills = 0;
  others = {
    'stopped in order': 0,
    'PostgreSQL crashes': 0,
    'store of the log away': 0,
    'nodes killed': 0,
    'nodes frozen': 0,
    'clocks set': 0,
    'broker restarts': 0,
    rebalances: 0,
  };

  constructor(parts) {
    Object.assign(this, parts);
  }

  /** All faults of a round, shuffled. Each waits a while and returns a line about what it did. */
  round() {
    const { broker, chance, clockJump, nodes, outage, short } = this;
    const away = short ? AWAY_MS.short : AWAY_MS.long;
    const faults = [
      ...Array(8).fill(() => this.#kill(1)),
      ...Array(2).fill(() => this.#kill(2)),
      () => this.#stopInOrder(),
      () => this.#crashPostgres(),
      () => this.#takeAway(() => outage.refuse(away.refusing)),
      () => this.#takeAway(() => outage.hang(away.hanging)),
      ...(nodes
        ? [...Array(4).fill(() => this.#killNode()), ...FROZEN_MS.map((ms) => () => this.#freezeNode(ms))]
        : []),
      ...(clockJump ? [() => this.#setClocks()] : []),
      ...(broker ? [() => this.#restartBroker(), () => this.#rebalance()] : []),
    ];
    for (let i = faults.length - 1; i > 0; i--) {
      const j = chance.between(0, i);
      [faults[i], faults[j]] = [faults[j], faults[i]];
    }
    return faults.map((fault) => async () => {
      await sleep(chance.between(MIN_CALM_MS, MAX_CALM_MS));
      return fault();
    });
  }

  /** Restarts the processes at once; chance decides whether the next fault waits until they are ready. */
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
    const line = await outage();
    this.others['store of the log away']++;
    return line;
  }

  async #killNode() {
    const name = this.chance.oneOf(this.nodes.names);
    await this.nodes.kill(name);
    this.others['nodes killed']++;
    return `killed ${name} of the event store`;
  }

  async #freezeNode(ms) {
    const name = this.chance.oneOf(this.nodes.names);
    await this.nodes.freeze(name, ms);
    this.others['nodes frozen']++;
    return `froze ${name} of the event store for ${ms} ms`;
  }

  async #setClocks() {
    const line = await this.clockJump.run();
    this.others['clocks set']++;
    return line;
  }

  async #restartBroker() {
    const hard = this.chance.happens(0.5);
    await this.broker.restart(hard);
    this.others['broker restarts']++;
    return `restarted the broker${hard ? ' after a kill' : ''}`;
  }

  /** A third ingester joins the group during the load, and is killed. */
  async #rebalance() {
    const third = this.newProcess('ingester', 'third');
    third.start();
    await third.ready();
    await sleep(this.chance.between(MIN_CALM_MS, MAX_CALM_MS));
    await third.kill();
    this.kills++;
    this.others.rebalances++;
    return 'started and killed a third ingester';
  }
}

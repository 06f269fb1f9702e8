import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

const RETRY_MS = 500;
const ANSWERS_MS = 120_000;
const TRY_MS = 3_000;

/**
 * The nodes of an EventStoreDB, each started by a command of its own and under a supervisor that restarts it: a node whose
 * log is ahead of a new leader's ends by itself to cut it back.
 */
export class EventStoreNodes {
  #nodes;

  /**
   * @param address of the whole store, as the roles get it
   * @param commands one for each node; a shell runs it in a process group of its own
   * @param probe resolves if the store answers
   */
  constructor(address, commands, probe) {
    this.probe = probe;
    this.name = 'EventStoreDB';
    this.address = address;
    this.#nodes = commands.map((command, n) => ({ name: `node-${n + 1}`, command, wanted: false }));
    process.once('exit', () => {
      for (const node of this.#nodes) signalTo(node, 'SIGKILL');
    });
  }

  get names() {
    return this.#nodes.map(({ name }) => name);
  }

  async start() {
    for (const node of this.#nodes) start(node);
    await this.answers();
  }

  /** Kills a node; its supervisor restarts it. */
  async kill(name) {
    const node = this.#nodes.find((one) => one.name === name);
    await kill(node);
    start(node);
  }

  /** Freezes a node: its connections stay, and nothing answers. */
  async freeze(name, ms) {
    const node = this.#nodes.find((one) => one.name === name);
    signalTo(node, 'SIGSTOP');
    await sleep(ms);
    signalTo(node, 'SIGCONT');
  }

  /** Kills all nodes until the returned function is called. */
  async stopForNow() {
    await Promise.all(this.#nodes.map(kill));
    return () => this.start();
  }

  /** Freezes all nodes until the returned function is called. */
  hangForNow() {
    for (const node of this.#nodes) signalTo(node, 'SIGSTOP');
    return async () => {
      for (const node of this.#nodes) signalTo(node, 'SIGCONT');
      await this.answers();
    };
  }

  async stop() {
    await Promise.all(this.#nodes.map(kill));
  }

  /** Waits until the store answers. */
  async answers() {
    for (const until = performance.now() + ANSWERS_MS; !(await this.#isAnswering()); await sleep(RETRY_MS)) {
      if (performance.now() > until) throw new Error(`the event store at ${this.address} did not answer`);
    }
  }

  async #isAnswering() {
    try {
      await within(TRY_MS, this.probe);
      return true;
    } catch {
      return false;
    }
  }
}

async function within(ms, work) {
  const late = new AbortController();
  const timer = sleep(ms, undefined, { signal: late.signal }).then(() => {
    throw new Error('too late');
  });
  try {
    await Promise.race([work(), timer]);
  } finally {
    late.abort();
    timer.catch(() => {});
  }
}

function start(node) {
  node.wanted = true;
  const child = spawn(node.command, { shell: true, detached: true, stdio: 'ignore' });
  node.child = child;
  node.gone = once(child, 'exit');
  void node.gone.then(() => {
    if (node.wanted && node.child === child)
      setTimeout(() => node.wanted && node.child === child && start(node), RETRY_MS);
  });
}

async function kill(node) {
  node.wanted = false;
  if (!node.child) return;
  signalTo(node, 'SIGKILL');
  await node.gone;
}

/** To the whole group, since a shell may stand before the server. */
function signalTo({ child }, signal) {
  if (!child) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error; // it ended by itself
  }
}

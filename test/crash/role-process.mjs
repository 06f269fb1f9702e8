import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const APPS = fileURLToPath(new URL('../../dist/apps/', import.meta.url));
const READY = /ready at (\S+)\n/;
const READY_MS = 240_000;
const STOP_MS = 10_000;
const RETRY_MS = 500;
const LOG_CHARACTERS = 3_000;

/**
 * One replica of a role under a supervisor that restarts it. An exit before it was ready is no finding, since the database
 * may be unavailable; an unexpected exit afterwards is one.
 */
export class RoleProcess {
  /** Its address; undefined while it is not ready. */
  url;
  findings = [];
  #wanted = false;

  /** @param clock the process's own clock, if not the machine's */
  constructor(role, replica, env, directory, clock) {
    this.role = role;
    this.name = `${role}-${replica}`;
    this.clock = clock;
    this.env = { ...env, ...clock?.env };
    this.logFile = join(directory, `${this.name}.log`);
  }

  start() {
    this.#wanted = true;
    const log = openSync(this.logFile, 'a');
    const child = spawn(process.execPath, ['--max-old-space-size=256', join(APPS, this.role, 'main.js')], {
      env: this.env,
      stdio: ['ignore', 'pipe', log],
    });
    const killWithUs = () => child.kill('SIGKILL');
    process.once('exit', killWithUs);
    this.child = child;
    this.url = undefined;
    this.gone = once(child, 'exit').finally(() => process.off('exit', killWithUs));
    let said = '';
    let announced = false;
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      if (announced) return; // later output has no address
      said += chunk;
      const url = READY.exec(said)?.[1];
      announced = url !== undefined;
      if (announced && this.child === child && this.#wanted) this.url = url;
    });
    void this.gone.then(([code, signal]) => this.#ended(child, code, signal));
  }

  #ended(child, code, signal) {
    if (this.child !== child || !this.#wanted) return;
    const wasReady = this.url !== undefined;
    this.url = undefined;
    if (wasReady) this.findings.push(`${this.name} exited unexpectedly with ${code ?? signal}:\n${this.#logEnd()}`);
    setTimeout(() => this.#wanted && this.child === child && this.start(), RETRY_MS);
  }

  #logEnd = () => readFileSync(this.logFile, 'utf8').slice(-LOG_CHARACTERS);

  async ready() {
    for (const until = performance.now() + READY_MS; this.url === undefined; await sleep(20)) {
      if (performance.now() > until)
        throw new Error(`${this.name} was not ready after ${READY_MS} ms:\n${this.#logEnd()}`);
    }
  }

  async kill() {
    this.#wanted = false;
    this.url = undefined;
    this.child.kill('SIGKILL');
    await this.gone;
  }

  /** Sends SIGTERM. A wrong exit code or a late exit is a finding. */
  async stop() {
    if (this.url === undefined) return this.kill();
    this.#wanted = false;
    this.url = undefined;
    const asked = performance.now();
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 2 * STOP_MS);
    const [code, signal] = await this.gone;
    clearTimeout(timer);
    const took = Math.round(performance.now() - asked);
    if (code !== 0 || took > STOP_MS)
      this.findings.push(`${this.name} ended with ${code ?? signal} ${took} ms after SIGTERM:\n${this.#logEnd()}`);
  }
}

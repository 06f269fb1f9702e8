import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { residentBytes } from './standalone.mjs';

const CLI = fileURLToPath(new URL('../../apps/cli/gatehouse.mjs', import.meta.url));
const LOOK_EVERY_MS = 50;

/**
 * Runs a command of `gatehouse` against a server, and looks at the memory of both meanwhile.
 * @returns its time in seconds, and the most bytes of the command, of the server, and of both at one moment
 */
export async function measuredCommand(serving, args) {
  const env = { ...process.env, GATEHOUSE_URL: serving.url, GATEHOUSE_TOKEN: serving.token };
  const started = performance.now();
  const child = spawn(process.execPath, [CLI, ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const gone = once(child, 'exit');
  let isRunning = true;
  gone.then(() => {
    isRunning = false;
  });
  const most = { command: 0, server: 0, both: 0 };
  for (; isRunning; await sleep(LOOK_EVERY_MS)) {
    const now = { command: residentOf(child.pid), server: residentOf(serving.pid) };
    for (const [of, bytes] of Object.entries({ ...now, both: now.command + now.server }))
      most[of] = Math.max(most[of], bytes);
  }
  const [code] = await gone;
  if (code !== 0) throw new Error(`gatehouse ${args[0]} ${args[1]} ended with ${code}`);
  return { seconds: (performance.now() - started) / 1000, mostBytes: most };
}

/** In bytes; 0 of a process that has just ended. */
export function residentOf(pid) {
  try {
    return residentBytes(pid) || 0;
  } catch {
    return 0;
  }
}

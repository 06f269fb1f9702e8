import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A Fastify route that does nothing, in a process of its own. */
export const startBareRoute = () => startRoute(new URL('./bare-fastify.mjs', import.meta.url));

/** A program with a route, which prints its address, in a process of its own. @param {URL} file */
export async function startRoute(file, ...values) {
  const program = fileURLToPath(file);
  const child = spawn(process.execPath, [program, ...values], { stdio: ['ignore', 'pipe', 'inherit'] });
  const kill = () => child.kill();
  process.once('exit', kill);
  const [line] = await once(child.stdout, 'data');
  return {
    url: String(line).trim(),
    stop() {
      process.off('exit', kill);
      kill();
    },
  };
}

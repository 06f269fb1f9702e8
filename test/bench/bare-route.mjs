import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A Fastify route that does nothing, in a process of its own. */
export async function startBareRoute() {
  const program = fileURLToPath(new URL('./bare-fastify.mjs', import.meta.url));
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
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

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Posts facts at the maximum rate, in a process of its own: in the measuring process it would delay the measurement. */
export function startFactLoad({ url, token }, connections, batch) {
  const program = fileURLToPath(new URL('./fact-load-process.mjs', import.meta.url));
  const env = { ...process.env, BENCH_TOKEN: token };
  const child = spawn(process.execPath, [program, url, connections, batch], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    printed += chunk;
  });
  const ended = once(child, 'close').finally(() => process.off('exit', kill));
  return {
    /** @returns events per second since its start */
    async stop() {
      child.kill('SIGTERM');
      const [code] = await ended;
      if (code !== 0) throw new Error(`the load of facts ended with ${code}`);
      return Number(printed);
    },
    kill,
  };
}

/**
 * The program of the guard of a claim. It runs in a process of its own, which gets the text of this function: it uses nothing
 * from outside. Its standard input names the process of the server, and ends with the process that owns the claim.
 */
export async function guardClaim(file: string, identity: string, beatMs: number, deadMs: number): Promise<void> {
  const { readdir, writeFile } = await import('node:fs/promises');
  const { basename, dirname } = await import('node:path');
  const ours = Number(basename(file).split('.')[1]);
  let server = 0;
  let beat = 0;
  let provedAt = performance.now();

  const signal = (name: NodeJS.Signals | 0): boolean => {
    try {
      return server > 0 && process.kill(server, name);
    } catch {
      return false; // it has ended
    }
  };
  const isSuperseded = async (): Promise<boolean> => {
    const names = (await readdir(dirname(file))).filter((name) => /^owner\.\d+$/.test(name));
    return !names.includes(basename(file)) || names.some((name) => Number(name.split('.')[1]) > ours);
  };
  const prove = async (): Promise<void> => {
    try {
      if (!(await isSuperseded())) {
        beat += 1;
        await writeFile(file, `${identity} server ${server} heartbeat ${beat}`);
        provedAt = performance.now();
        return;
      }
    } catch {
      // Others will take over soon, if they reach the directory.
      if (performance.now() - provedAt < deadMs / 2) return;
    }
    signal('SIGKILL');
    process.exit(1);
  };
  process.stdin.setEncoding('utf8').on('data', (text: string) => {
    server = Number(text.trim().split('\n').at(-1));
  });
  let isOrphan = false;
  const ended = new Promise<void>((resolve) => {
    process.stdin.on('close', () => {
      isOrphan = true;
      signal('SIGQUIT');
      resolve();
    });
  });
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  // The heartbeats go on until the server has ended.
  while (!isOrphan || signal(0)) {
    await prove();
    await (isOrphan ? pause(20) : Promise.race([ended, pause(beatMs)]));
  }
  if (!(await isSuperseded())) await writeFile(file, `${identity} released`);
  process.exit(0);
}

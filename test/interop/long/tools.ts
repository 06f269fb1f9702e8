import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, it } from '@jest/globals';

const run = promisify(execFile);
const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'gatehouse', 'interop');

/** Time for a first download of the tools on a slow machine. */
export const INSTALL_MS = 900_000;

const isThere = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

/** Specs that need programs: without one they are skipped with a line that names it, and fail in CI. */
export function describeWithPrograms(name: string, programs: readonly string[], specs: () => void): void {
  const missing = programs.filter((program) => !isThere(program));
  const { skip: unavailable } = it;
  if (missing.length === 0 || process.env.CI) describe(name, specs);
  else unavailable(`${name}: there is no ${missing.join(', ')}`, () => {});
}

/**
 * The directory of installed tools, which are kept for the next run.
 * @param versions of all of them; another one is installed anew
 */
async function installed(
  versions: readonly string[],
  install: (directory: string) => Promise<unknown>,
): Promise<string> {
  const directory = join(CACHE, createHash('sha256').update(versions.join(' ')).digest('hex').slice(0, 12));
  const done = join(directory, 'installed');
  if (existsSync(done)) return directory;
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  await install(directory);
  await writeFile(done, `${versions.join('\n')}\n`);
  return directory;
}

/** The directory of the programs of packages from PyPI, `python` among them. @param requirements like `name==1.0` */
export async function pythonPrograms(...requirements: string[]): Promise<string> {
  const directory = await installed(requirements, async (target) => {
    await run('python3', ['-m', 'venv', target]);
    await run(join(target, 'bin', 'pip'), ['install', '-q', ...requirements]);
  });
  return join(directory, 'bin');
}

/** A directory with packages from npm in its node_modules. */
export const npmPackages = (...packages: string[]): Promise<string> =>
  installed(packages, (target) =>
    run('npm', ['install', '--prefix', target, '--no-audit', '--no-fund', '--save-exact', ...packages]),
  );

/** A jar from Maven Central. @param artifact group:name:version */
export async function mavenJar(artifact: string): Promise<string> {
  const [, name, version] = artifact.split(':');
  const directory = await installed([artifact], (target) =>
    run('mvn', ['-q', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${target}`]),
  );
  return join(directory, `${name}-${version}.jar`);
}

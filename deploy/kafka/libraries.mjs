import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const POM = fileURLToPath(new URL('pom.xml', import.meta.url));
const LEAST_JAVA = 17;
const LONGEST_MS = 10 * 60_000;

/** If the cause is known, the message is one line that says what is wrong and what to do. */
export class CannotStartKafka extends Error {}

/** Why this machine can't start a broker, in one line; undefined if it can. */
export function missingTool() {
  const { stderr } = spawnSync('java', ['-version'], { encoding: 'utf8' });
  const version = Number(/version "(\d+)/.exec(stderr ?? '')?.[1] ?? 0);
  const needs = `the local Kafka broker needs JDK ${LEAST_JAVA} or later and Maven`;
  if (version === 0) return `there is no java on the PATH: ${needs}`;
  if (version < LEAST_JAVA) return `java is version ${version}: ${needs}`;
  if (!isOnPath('mvn')) return `there is no mvn on the PATH: ${needs}`;
  return undefined;
}

/** @returns the directory with the broker's jars, which Maven fills once per version of pom.xml */
export async function resolveLibraries() {
  const digest = createHash('sha256').update(readFileSync(POM)).digest('hex').slice(0, 12);
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'gatehouse');
  const libraries = join(cache, `kafka-${digest}`);
  if (existsSync(libraries)) return libraries;
  const filling = `${libraries}.${process.pid}`;
  mkdirSync(cache, { recursive: true });
  const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${filling}`];
  await execute('mvn', ['-q', '-B', '-f', POM, ...goal], 'Maven cannot download the Kafka broker');
  try {
    renameSync(filling, libraries);
  } catch (error) {
    if (!existsSync(libraries)) throw error;
    rmSync(filling, { recursive: true, force: true }); // another process was first
  }
  return libraries;
}

/** Why Maven can't download the broker, in one line; undefined if it has done so. */
export async function missingLibraries() {
  try {
    await resolveLibraries();
    return undefined;
  } catch (error) {
    if (!(error instanceof CannotStartKafka)) throw error;
    const [complaint] = error.message.split('\n');
    const [, reason = ''] = /\[ERROR\] +(\S.*)/.exec(error.message) ?? [];
    return `${complaint} ${reason}`.trim();
  }
}

/** @throws CannotStartKafka with the last lines of the tool's output */
export function execute(command, args, complaint) {
  return new Promise((done, fail) => {
    execFile(command, args, { timeout: LONGEST_MS }, (error, stdout, stderr) => {
      if (!error) return done();
      const end = `${stdout}${stderr}`.trim().split('\n').slice(-8).join('\n');
      fail(new CannotStartKafka(`${complaint}:\n${end || error.message}`));
    });
  });
}

function isOnPath(name) {
  return (process.env.PATH ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

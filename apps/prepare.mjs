import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, linkSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/* Standard library only, and nothing newer than Node 14 understands: it must get far enough to say what is missing. */

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const DIST = join(ROOT, 'dist');
const STAMP = join(DIST, '.built-from');
const OLDEST_NODE = [20, 19];
const SOURCES = ['apps', 'libs'];
const UNWRITABLE = ['EACCES', 'EPERM', 'EROFS', 'ENOSPC'];
const LOCK_POLL_MS = 200;
/** The boot time and the output of `ps` have a precision of one second. */
const START_PRECISION_MS = 2_000;

/** Its message says in one line why nothing can start; `output` is what a failed program printed. */
export class CannotPrepare extends Error {
  constructor(message, output) {
    super(message);
    this.output = output;
  }
}

/**
 * Installs and builds if needed. One process does so at a time; others wait for it.
 * @throws CannotPrepare
 */
export async function prepare() {
  checkNode(process.versions.node);
  if (isInstalled() && isBuilt()) return;
  let unlock = () => {};
  try {
    unlock = await lock();
    if (!isInstalled()) install();
    if (!isBuilt()) build();
  } catch (error) {
    if (!UNWRITABLE.includes(error.code)) throw error;
    throw new CannotPrepare(
      `can't install or build in ${ROOT} (${error.message}): make the directory writable and free some space`,
    );
  } finally {
    unlock();
  }
}

export function checkNode(version) {
  const [major, minor] = version.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  throw new CannotPrepare(
    `Gatehouse needs Node.js ${OLDEST_NODE.join('.')} or later, but this is ${version}: install a newer one from https://nodejs.org`,
  );
}

/** Whether node_modules contains what package-lock.json requires. */
function isInstalled() {
  const installed = join(ROOT, 'node_modules', '.package-lock.json');
  const wanted = join(ROOT, 'package-lock.json');
  if (!existsSync(installed)) return false;
  if (statSync(installed).mtimeMs >= statSync(wanted).mtimeMs) return true;
  const there = readJson(installed).packages;
  return Object.entries(readJson(wanted).packages).every(
    ([path, { version, optional }]) => path === '' || optional || (there[path] && there[path].version === version),
  );
}

function install() {
  say('installing dependencies, once; this takes a minute …');
  const npm = process.env.npm_execpath;
  const flags = ['ci', '--include=dev', '--no-audit', '--no-fund', '--no-progress', '--loglevel=error'];
  const [program, args] = npm && /\.c?js$/.test(npm) ? [process.execPath, [npm, ...flags]] : ['npm', flags];
  run(program, args, 'npm could not install the dependencies: see above, then retry');
}

/** The sources by path, time and size; a build with the same fingerprint is up to date. */
function fingerprint() {
  const hash = createHash('sha256');
  const visit = (directory) => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) visit(path);
      else if (isSource(entry.name)) add(path);
    }
  };
  const add = (path) => {
    const { mtimeMs, size } = statSync(path);
    hash.update(`${relative(ROOT, path)} ${mtimeMs} ${size}\n`);
  };
  for (const source of SOURCES) visit(join(ROOT, source));
  add(join(ROOT, '.swcrc'));
  return hash.digest('hex');
}

const isSource = (name) => name.endsWith('.ts') && !name.endsWith('.spec.ts') && !name.endsWith('.contract.ts');

const isBuilt = () => existsSync(STAMP) && readFileSync(STAMP, 'utf8') === fingerprint();

/** Builds into a new directory, so that the old build stays intact until it is replaced. */
function build() {
  say('building …');
  const from = fingerprint();
  const draft = `dist/.${process.pid}`;
  const swc = join(ROOT, 'node_modules', '@swc', 'cli', 'bin', 'swc.js');
  const flags = ['--out-dir', draft, '--ignore', '**/*.spec.ts,**/*.contract.ts', '--extensions', '.ts', '--quiet'];
  try {
    run(process.execPath, [swc, ...SOURCES, ...flags], 'the build failed: see above');
    for (const source of SOURCES) {
      rmSync(join(DIST, source), { recursive: true, force: true });
      renameSync(join(ROOT, draft, source), join(DIST, source));
    }
    writeFileSync(STAMP, from);
  } finally {
    rmSync(join(ROOT, draft), { recursive: true, force: true });
  }
}

function run(program, args, failure) {
  const { status, error, stdout, stderr } = spawnSync(program, args, {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (error) throw new CannotPrepare(`${failure} (${error.message})`);
  if (status !== 0) throw new CannotPrepare(failure, `${stdout}${stderr}`);
}

/** Outside the checkout, which may be new and empty. */
export const LOCK = join(tmpdir(), `gatehouse-prepare-${createHash('sha256').update(ROOT).digest('hex').slice(0, 16)}`);

/** Links a file that already contains our pid, since creating a link is atomic. */
async function lock() {
  const draft = `${LOCK}.${process.pid}`;
  try {
    writeFileSync(draft, String(process.pid));
    for (let reported = false; ; reported = true) {
      try {
        linkSync(draft, LOCK);
        return () => rmSync(LOCK, { force: true });
      } catch (error) {
        if (error.code !== 'EEXIST') throw error;
      }
      const holder = lockHolder();
      if (holder === undefined) rmSync(LOCK, { force: true });
      else if (!reported) say(`waiting for another process that installs or builds (${holder}, by ${LOCK}) …`);
      await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS));
    }
  } catch (error) {
    if (!UNWRITABLE.includes(error.code)) throw error;
    throw new CannotPrepare(
      `can't write to ${dirname(LOCK)} (${error.message}): free some space there, or set TMPDIR to another directory`,
    );
  } finally {
    rmSync(draft, { force: true });
  }
}

/** The process that holds the lock; undefined if it has ended, even if another process has its pid by now. */
function lockHolder() {
  try {
    const pid = Number(readFileSync(LOCK, 'utf8'));
    const lockedAt = statSync(LOCK).mtimeMs;
    return pid > 0 && isAlive(pid) && !(startOf(pid) > lockedAt + START_PRECISION_MS) ? pid : undefined;
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  }
}

export function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/**
 * When a process started, in ms; NaN if the system does not report it. Linux is read without `ps`, which small systems
 * lack. Source: proc(5): field 22 of stat, in hundredths of a second since the boot.
 */
function startOf(pid) {
  if (process.platform === 'linux') {
    const [, bootedAt] = /^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8')) ?? [];
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fromThird = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // the second field, a name, may contain anything
    return Number(bootedAt) * 1000 + Number(fromThird[22 - 3]) * 10;
  }
  const { stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  return Date.parse(stdout);
}

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

/** Writes to standard error, since standard output belongs to the started app. */
const say = (line) => process.stderr.write(`gatehouse: ${line}\n`);

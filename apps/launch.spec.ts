import { spawn, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const OURS = resolve('.');

it('replaces the shell of every npm script that runs until it is stopped, since a shell passes on no signal', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  const lasting = Object.entries(scripts).filter(([name]) => /^(start(:.*)?|demo|gatehouse|kafka)$/.test(name));
  expect(lasting).toHaveLength(9);
  expect(lasting.filter(([, script]) => !script.startsWith('exec node '))).toEqual([]);
});

describe('launching from a checkout', () => {
  let checkout: string;

  beforeAll(() => {
    checkout = mkdtempSync(join(tmpdir(), 'gatehouse-launch-'));
    for (const directory of ['apps/hello', 'libs/words']) mkdirSync(join(checkout, directory), { recursive: true });
    for (const file of ['apps/prepare.mjs', 'apps/launch.mjs', '.swcrc', 'package.json', 'package-lock.json'])
      copyFileSync(join(OURS, file), join(checkout, file));
    symlinkSync(join(OURS, 'node_modules'), join(checkout, 'node_modules'));
    write('libs/words/greeting.ts', "export const greeting: string = 'hello';");
    write('libs/words/greeting.spec.ts', 'not even TypeScript');
    write(
      'apps/hello/main.ts',
      "import { greeting } from '../../libs/words/greeting.js';\nconsole.log(greeting, ...process.argv.slice(2));",
    );
  });
  afterAll(() => rmSync(checkout, { recursive: true }));

  const write = (path: string, text: string) => writeFileSync(join(checkout, path), text);
  const node = (...args: string[]) => spawnSync(process.execPath, args, { cwd: checkout, encoding: 'utf8' });
  const launch = (...args: string[]) => node('apps/launch.mjs', ...args);

  it('builds what is needed, runs the app with its arguments, and keeps standard output for it', () => {
    const first = launch('hello', 'you', '--loud');
    expect(first).toMatchObject({
      status: 0,
      stdout: 'hello you --loud\n',
      stderr: expect.stringContaining('building'),
    });
    expect(existsSync(join(checkout, 'dist/libs/words/greeting.spec.js'))).toBe(false);
    expect(launch('hello')).toMatchObject({ status: 0, stdout: 'hello\n', stderr: '' });
  });

  it('rebuilds after a source changed', () => {
    write('libs/words/greeting.ts', "export const greeting: string = 'good morning';");
    expect(launch('hello')).toMatchObject({ stdout: 'good morning\n' });
  });

  it('shows why a build failed and does not run the previous build', () => {
    write('libs/words/greeting.ts', 'export const = ;');
    const failed = launch('hello');
    expect(failed).toMatchObject({ status: 1, stdout: '' });
    expect(failed.stderr).toMatch(/greeting\.ts[\s\S]*gatehouse: the build failed: see above\n$/);
    write('libs/words/greeting.ts', "export const greeting = 'hello';");
  });

  describe('while a lock exists', () => {
    const lockFile = () =>
      node('--input-type=module', '-e', "console.log((await import('./apps/prepare.mjs')).LOCK)").stdout.trim();
    const hold = (text: string, at = new Date()) => {
      const lock = lockFile();
      writeFileSync(lock, text);
      utimesSync(lock, at, at);
      write('libs/words/greeting.ts', `export const greeting = 'hello'; // ${text}`);
      return lock;
    };

    it('waits for the process that holds it, and names that process', async () => {
      const lock = hold(String(process.pid));
      const child = spawn(process.execPath, ['apps/launch.mjs', 'hello'], { cwd: checkout });
      let output = '';
      for await (const chunk of child.stderr) {
        output += chunk;
        if (output.includes('waiting')) rmSync(lock, { force: true });
      }
      expect(output).toMatch(new RegExp(`waiting for another process .*\\(${process.pid}, .*\n.*building`));
    });

    it.each([
      ['empty after a full disk', '', new Date()],
      ['of a process that has ended', '2147483647', new Date()],
      ['of a process whose pid another process has now', String(process.pid), new Date('2022-05-18')],
    ])('does not wait for one that is %s', (_, text, at) => {
      const lock = hold(text, at);
      expect(launch('hello')).toMatchObject({ status: 0, stdout: 'hello\n', stderr: 'gatehouse: building …\n' });
      expect(existsSync(lock)).toBe(false);
    });
  });

  it('reports in one line that the app is unknown, or that Node is too old', () => {
    expect(launch('../hello')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('there is no app "../hello"'),
    });
    const check = (version: string) =>
      node('--input-type=module', '-e', `import { checkNode } from './apps/prepare.mjs'; checkNode('${version}')`);
    expect(check('20.18.3').stderr).toContain('needs Node.js 20.19 or later, but this is 20.18.3');
    expect(check('20.19.0').status).toBe(0);
    expect(check('26.1.0').status).toBe(0);
  });
});

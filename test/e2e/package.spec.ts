import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';

let directory: string;
let installed: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-package-'));
  execFileSync('npm', ['pack', '--pack-destination', directory], { stdio: 'ignore' });
  const [tarball] = readdirSync(directory);
  execFileSync('tar', ['-xzf', tarball!], { cwd: directory });
  installed = join(directory, 'package');
  // Uses the dependencies installed here, which npm would install too.
  symlinkSync(resolve('node_modules'), join(installed, 'node_modules'));
}, 120_000);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

it('contains the command line and runs it without a checkout', () => {
  const gatehouse = (...args: string[]) =>
    spawnSync(process.execPath, [join(installed, 'apps', 'cli', 'gatehouse.mjs'), ...args], {
      cwd: directory,
      encoding: 'utf8',
    });
  expect(gatehouse('--version')).toMatchObject({ status: 0, stdout: '0.1.0\n', stderr: '' });
  expect(gatehouse('import', '--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('--prompts') });
  expect(gatehouse('status', '--url', 'http://127.0.0.1:9')).toMatchObject({ status: 3 });
});

it('leaves out sources, specs and everything else that nobody runs', () => {
  const files = readdirSync(installed, { recursive: true, encoding: 'utf8' }).filter(
    (path) => !path.startsWith('node_modules') && /\.\w+$/.test(path),
  );
  const kinds = new Set(files.map((path) => path.replace(/^.*\./, '.')));
  expect([...kinds].sort()).toEqual(['.js', '.json', '.md', '.mjs']);
  expect(files.filter((path) => /\.(spec|contract)\.|^dist\/\./.test(path))).toEqual([]);
});

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const KNIP = join(process.cwd(), 'node_modules', 'knip', 'bin', 'knip.js');

/** A healthy tree under our own knip.json; each test plants one thing in it. */
const HEALTHY = {
  'package.json': JSON.stringify({ name: 'planted', type: 'module' }),
  'apps/standalone/main.ts':
    "import { port } from '../../libs/platform/port.js';\n\nprocess.stdout.write(String(port));\n",
  'libs/platform/port.ts': 'export const port = 8080;\n',
};

describe('the search for unused code', () => {
  let root: string;

  function plant(files: Record<string, string>) {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
  }

  function search() {
    const { status, stdout, stderr } = spawnSync(process.execPath, [KNIP, '--directory', root, '--no-config-hints'], {
      encoding: 'utf8',
    });
    return { status, output: stdout + stderr };
  }

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'gatehouse-knip-'));
    plant(HEALTHY);
    cpSync('knip.json', join(root, 'knip.json'));
  });

  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('reports nothing for a healthy tree', () => {
    expect(search()).toEqual({ status: 0, output: '' });
  });

  it('finds a file that nobody imports', () => {
    plant({ 'libs/platform/forgotten.ts': 'export const forgotten = true;\n' });
    expect(search()).toEqual({ status: 1, output: expect.stringContaining('libs/platform/forgotten.ts') });
  });

  it('finds an export that nobody imports', () => {
    plant({ 'libs/platform/port.ts': 'export const port = 8080;\nexport const host = "127.0.0.1";\n' });
    expect(search()).toEqual({ status: 1, output: expect.stringContaining('host') });
  });

  it('finds a dependency that nobody imports', () => {
    plant({ 'package.json': JSON.stringify({ name: 'planted', type: 'module', dependencies: { rxjs: '7.8.2' } }) });
    expect(search()).toEqual({ status: 1, output: expect.stringContaining('rxjs') });
  });
});

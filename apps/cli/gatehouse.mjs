#!/usr/bin/env node
import { existsSync } from 'node:fs';

if (existsSync(new URL('../../dist/apps/cli/main.js', import.meta.url))) await import('../../dist/apps/cli/main.js');
else {
  process.argv.splice(2, 0, 'cli');
  await import('../launch.mjs');
}

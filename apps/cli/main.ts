import { setMaxListeners } from 'node:events';
import { EXIT } from '../../libs/cli/exit-codes.js';
import { onStopSignals } from '../../libs/platform/process/stop-signals.js';
import { runCommandLine } from './program.js';

const controller = new AbortController();
// A command may wait in many places at once.
setMaxListeners(100, controller.signal);

onStopSignals(
  () => controller.abort(),
  () => process.exit(EXIT.interrupted),
);

// The reader of the output may close it early, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

process.exitCode = await runCommandLine(process.argv.slice(2), {
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: controller.signal,
});

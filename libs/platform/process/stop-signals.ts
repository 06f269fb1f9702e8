import type { EventEmitter } from 'node:events';

/** Sent by Ctrl-C, by supervisors and by a closed terminal. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** npm repeats a Ctrl-C that the terminal sent to us too, some milliseconds later. */
const SAME_REQUEST_MS = 500;

/**
 * Replaces the default handling of stop signals.
 * @param stop called once, at the first signal
 * @param atOnce called at a later signal, sent because the stop takes too long
 */
export function onStopSignals(
  stop: () => void,
  atOnce: () => void,
  process: EventEmitter = globalThis.process,
  now: () => number = () => performance.now(),
): void {
  let asked: number | undefined;
  const onSignal = () => {
    if (asked === undefined) {
      asked = now();
      stop();
    } else if (now() - asked >= SAME_REQUEST_MS) atOnce();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
}

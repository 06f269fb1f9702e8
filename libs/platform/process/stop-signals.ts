import type { EventEmitter } from 'node:events';

/** Ctrl-C, what supervisors send, and the terminal that is closed. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** npm passes on a Ctrl-C that the terminal sends to us as well, some milliseconds later. */
const SAME_REQUEST_MS = 500;

/**
 * Takes the place of what signals do by themselves.
 * @param stop once, at the first one
 * @param atOnce at one that somebody sends later, since it takes too long
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

import { Unavailable } from '../kernel/errors.js';

/** @param what is being done, as a sentence without its end */
export const replayRunning = (what = 'the log is being replayed for earlier figures or for a view') =>
  new Unavailable('replay-running', `${what}: retry in a while`);

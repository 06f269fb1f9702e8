import type { Notice } from '../notice.js';

/** A notice could not be sent. The message names no address, and nothing that the receiver's server says in words. */
export class SendError extends Error {
  constructor(
    message: string,
    /** No further attempt would help. */
    readonly isPermanent = false,
    /** There is nobody to write to. */
    readonly isSkipped = false,
  ) {
    super(message);
  }
}

/** Sends notices through one channel. */
export interface Sender {
  /** Resolves once the receiver's server has accepted it. @throws SendError */
  send(notice: Notice): Promise<void>;
}

/** Statements could not be sent, for no fault of theirs. The message has nothing that the server says in words. */
export class SubmissionFailure extends Error {
  /** The server may have stored them: its answer did not arrive. */
  readonly isLost: boolean;
  /** How long it asks to wait. */
  readonly waitMs: number | undefined;

  constructor(message: string, { isLost = false, waitMs }: { isLost?: boolean; waitMs?: number | undefined } = {}) {
    super(message);
    this.isLost = isLost;
    this.waitMs = waitMs;
  }
}

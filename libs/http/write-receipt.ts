import type { Position } from '../kernel/envelope.js';

/** What every write answers. */
export interface WriteReceipt {
  /** Where its effect stands in the log, in digits; whoever depends on it may demand this position of readers. */
  position: string;
}

export const writeReceipt = ({ position }: { position: Position }): WriteReceipt => ({ position: String(position) });

import type { Static } from 'typebox';
import type { Position } from '../kernel/envelope.js';
import { closed, position as positionSchema } from './openapi/answer-schemas.js';

export const writeReceiptFields = {
  position: positionSchema('Position of the effect in the log; pass it to reads that must include it.'),
};

/** The answer of every write. */
export const WriteReceipt = closed(writeReceiptFields, 'The position of a write.');
export type WriteReceipt = Static<typeof WriteReceipt>;

export const writeReceipt = ({ position }: { position: Position }): WriteReceipt => ({ position: String(position) });

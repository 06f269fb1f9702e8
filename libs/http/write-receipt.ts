import type { Static } from 'typebox';
import type { Position } from '../kernel/envelope.js';
import { closed, position as positionSchema } from './openapi/answer-schemas.js';

export const writeReceiptFields = {
  position: positionSchema('Where the effect stands in the log; readers may be asked for this position.'),
};

/** What every write answers. */
export const WriteReceipt = closed(writeReceiptFields, 'Where the effect of a write stands.');
export type WriteReceipt = Static<typeof WriteReceipt>;

export const writeReceipt = ({ position }: { position: Position }): WriteReceipt => ({ position: String(position) });

import type { StreamKind } from '../kernel/decider.js';
import type { Position } from '../kernel/envelope.js';
import { type WithholdingEvent, withholdingEvents } from './events.js';

/** Whether nobody may share, download or flag an image. */
export interface Withholding {
  /** The confirmed case because of which it is withheld. */
  caseId?: string;
  /** The position at which somebody restored it last. */
  restored?: Position;
  /** The position of a broken event, which may have withheld it; somebody who restores the image ends the doubt. */
  unreadable?: Position;
}

export const withholdingStream: StreamKind<Withholding, WithholdingEvent> = {
  category: 'image',
  events: withholdingEvents,
  initial: {},
  evolve(state, { type, data }, { position }) {
    switch (type) {
      case 'ImageWithheld':
        return { ...state, caseId: data.caseId };
      case 'ImageRestored':
        return { restored: position };
    }
  },
  evolveBroken: (state, { position: unreadable }) => ({ ...state, unreadable }),
};

type DataOf<Type extends WithholdingEvent['type']> = Extract<WithholdingEvent, { type: Type }>['data'];

export const isWithheld = ({ caseId, unreadable }: Withholding): boolean =>
  caseId !== undefined || unreadable !== undefined;

/**
 * A no-op if the image is withheld, or was restored after the confirmation, which the operator knew then.
 * @param confirmed the position at which the violation was confirmed
 */
export const withholdImage = (
  { caseId, restored = 0 }: Withholding,
  data: DataOf<'ImageWithheld'>,
  confirmed: Position,
): WithholdingEvent[] => (caseId === undefined && restored <= confirmed ? [{ type: 'ImageWithheld', data }] : []);

/** A no-op if the image is not withheld. */
export const restoreImage = (state: Withholding, data: DataOf<'ImageRestored'>): WithholdingEvent[] =>
  isWithheld(state) ? [{ type: 'ImageRestored', data }] : [];

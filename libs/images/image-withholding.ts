import type { StreamKind } from '../kernel/decider.js';
import type { Position } from '../kernel/envelope.js';
import { type WithholdingEvent, withholdingEvents } from './events.js';

/** Whether nobody may share, download or flag an image. */
export interface Withholding {
  /** The confirmed case because of which it is withheld. */
  caseId?: string;
  /** The position of a broken event, which may have withheld it; somebody who restores the image ends the doubt. */
  unreadable?: Position;
}

export const withholdingStream: StreamKind<Withholding, WithholdingEvent> = {
  category: 'image',
  events: withholdingEvents,
  initial: {},
  evolve(state, { type, data }) {
    switch (type) {
      case 'ImageWithheld':
        return { ...state, caseId: data.caseId };
      case 'ImageRestored':
        return {};
    }
  },
  evolveBroken: (state, { position: unreadable }) => ({ ...state, unreadable }),
};

type DataOf<Type extends WithholdingEvent['type']> = Extract<WithholdingEvent, { type: Type }>['data'];

export const isWithheld = ({ caseId, unreadable }: Withholding): boolean =>
  caseId !== undefined || unreadable !== undefined;

/** A no-op if the image is withheld. */
export const withholdImage = ({ caseId }: Withholding, data: DataOf<'ImageWithheld'>): WithholdingEvent[] =>
  caseId === undefined ? [{ type: 'ImageWithheld', data }] : [];

/** A no-op if the image is not withheld. */
export const restoreImage = (state: Withholding, data: DataOf<'ImageRestored'>): WithholdingEvent[] =>
  isWithheld(state) ? [{ type: 'ImageRestored', data }] : [];

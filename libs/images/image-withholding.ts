import type { StreamKind } from '../kernel/decider.js';
import type { Position } from '../kernel/envelope.js';
import { Refusal } from '../kernel/errors.js';
import { type WITHHOLDING_CAUSES, type WithholdingEvent, withholdingEvents } from './events.js';

export type WithholdingCause = (typeof WITHHOLDING_CAUSES)[number];

/** Whether nobody may share, download or flag an image. */
export interface Withholding {
  /** The case because of which it is withheld. */
  caseId?: string;
  /** What that case found. */
  cause?: WithholdingCause;
  /** The round of the case that found it; of a violation absent from earlier releases. */
  round?: number;
  /** The position at which somebody restored it last. */
  restored?: Position;
  /** The round of its case that last replaced the finding. */
  replacedBy?: number;
  /** The position of a broken event, which may have withheld it; somebody who restores the image ends the doubt. */
  unreadable?: Position;
}

export const withholdingStream: StreamKind<Withholding, WithholdingEvent> = {
  category: 'image',
  events: withholdingEvents,
  initial: {},
  evolve(state, { type, data }, { position }) {
    switch (type) {
      case 'ImageWithheld': {
        const { caseId, cause = 'violation', round } = data;
        return { ...unheld(state), caseId, cause, ...(round !== undefined && { round }) };
      }
      case 'ImageRestored': {
        if (data.round !== undefined) return { ...unheld(state), replacedBy: data.round };
        const { replacedBy } = state;
        return { restored: position, ...(replacedBy !== undefined && { replacedBy }) };
      }
    }
  },
  evolveBroken: (state, { position: unreadable }) => ({ ...state, unreadable }),
};

const unheld = ({ caseId: _, cause: __, round: ___, ...state }: Withholding): Withholding => state;

type DataOf<Type extends WithholdingEvent['type']> = Extract<WithholdingEvent, { type: Type }>['data'];

export const isWithheld = ({ caseId, unreadable }: Withholding): boolean =>
  caseId !== undefined || unreadable !== undefined;

/** What is known to have caused it; undefined if it is not withheld, or if an event of it can't be read. */
export const causeOf = ({ cause, unreadable }: Withholding): WithholdingCause | undefined =>
  unreadable === undefined ? cause : undefined;

/**
 * A no-op if the image is withheld for a violation, or was restored after the confirmation, which the operator knew then.
 * @param confirmed the position at which the violation was confirmed
 */
export const withholdImage = (
  { cause, restored = 0 }: Withholding,
  data: Pick<DataOf<'ImageWithheld'>, 'imageId' | 'caseId' | 'round'>,
  confirmed: Position,
): WithholdingEvent[] => (cause !== 'violation' && restored <= confirmed ? [{ type: 'ImageWithheld', data }] : []);

/**
 * A later round of the case overturns the confirmation of a violation. A no-op unless the image is withheld because of that one,
 * or of one before.
 * @param data `round`: the confirmed one
 */
export const restoreOverturned = (
  { cause, round: found = 0 }: Withholding,
  data: { imageId: string; reason: string; round: number },
): WithholdingEvent[] => (cause === 'violation' && found <= data.round ? [{ type: 'ImageRestored', data }] : []);

/**
 * Withholds the image of a model's problem. A no-op if it is withheld, if somebody restored it after the finding, or if a later
 * round of the case replaced the finding.
 * @param found the position of the finding
 */
export function withholdForModelProblem(
  { caseId: withheld, restored = 0, replacedBy = 0 }: Withholding,
  { imageId, caseId, round }: { imageId: string; caseId: string; round: number },
  found: Position,
): WithholdingEvent[] {
  if (withheld !== undefined || restored > found || round < replacedBy) return [];
  return [{ type: 'ImageWithheld', data: { imageId, caseId, cause: 'model-problem', round } }];
}

/**
 * A later round of the case replaces the finding of a model's problem. A no-op unless the image is withheld because of one of
 * an earlier round.
 * @param data `round`: of the case, as of the event that replaces the finding
 */
export const replaceFinding = (
  { cause, round: found = 0 }: Withholding,
  data: { imageId: string; reason: string; round: number },
): WithholdingEvent[] => (cause === 'model-problem' && found < data.round ? [{ type: 'ImageRestored', data }] : []);

/**
 * A no-op if the image is not withheld.
 * @param mayRestoreViolations whether the caller may restore more than the image of a model's problem
 * @throws Refusal violation-confirmed
 */
export function restoreImage(
  state: Withholding,
  data: Pick<DataOf<'ImageRestored'>, 'imageId' | 'reason'>,
  mayRestoreViolations = true,
): WithholdingEvent[] {
  if (!isWithheld(state)) return [];
  if (!mayRestoreViolations && causeOf(state) !== 'model-problem') {
    throw new Refusal(
      'violation-confirmed',
      `image ${data.imageId} is withheld because of a confirmed violation, or an event of it can't be read: ask an operator to restore it`,
    );
  }
  return [{ type: 'ImageRestored', data }];
}

import type { DataOf } from '../events/event-definition.js';
import type { StreamKind } from '../kernel/decider.js';
import { InvalidInput, NotFound, Refusal } from '../kernel/errors.js';
import { type GoldenCaseAdded, type GoldenCasePresented, type GoldenEvent, goldenEvents } from './golden-events.js';

type Added = DataOf<typeof GoldenCaseAdded>;

/** An image whose right verdict is known. */
export interface GoldenCase {
  added?: Added;
  /** When its case is to be opened, in epoch milliseconds. */
  opensAt?: number;
  /** What its case shows and depends on; absent until that is opened. */
  presented?: {
    /** Epoch milliseconds; absent where images are not reported. */
    generatedAt?: number;
    reach: number;
  };
  isRetired: boolean;
}

export const goldenStream: StreamKind<GoldenCase, GoldenEvent> = {
  category: 'golden',
  events: goldenEvents,
  initial: { isRetired: false },
  evolve(state, { type, data }) {
    switch (type) {
      case 'GoldenCaseAdded':
        return { ...state, added: data };
      case 'GoldenCaseDrawn':
        return { ...state, opensAt: Date.parse(data.opensAt) };
      case 'GoldenCasePresented':
        return { ...state, presented: presentedAs(data) };
      case 'GoldenCaseRetired':
        return { ...state, isRetired: true };
    }
  },
};

const presentedAs = ({ generatedAt, reach }: DataOf<typeof GoldenCasePresented>) => ({
  ...(generatedAt !== undefined && { generatedAt: Date.parse(generatedAt) }),
  reach,
});

/**
 * A no-op if it was added with the same answer.
 * @throws InvalidInput; Refusal golden-case-exists
 */
export function addGoldenCase({ added }: GoldenCase, data: Added): GoldenEvent[] {
  if ((data.verdict === 'unsafe') !== (data.clause !== undefined)) {
    const message = 'is the clause that the image violates: give it for the verdict unsafe, and for that alone';
    throw new InvalidInput([{ field: '/clause', message }]);
  }
  if (!added) return [{ type: 'GoldenCaseAdded', data }];
  if (added.verdict === data.verdict && added.clause === data.clause) return [];
  throw new Refusal(
    'golden-case-exists',
    `image ${data.goldenId} is a golden case with another answer: add the picture under another image`,
  );
}

/** A no-op unless it waits to be drawn. */
export const drawGoldenCase = (
  { added, opensAt, isRetired }: GoldenCase,
  draw: { goldenId: string; because: string; opensAt: string },
): GoldenEvent[] => (added && opensAt === undefined && !isRetired ? [{ type: 'GoldenCaseDrawn', data: draw }] : []);

/** A no-op unless it is drawn. */
export const presentGoldenCase = (
  { opensAt, presented, isRetired }: GoldenCase,
  data: DataOf<typeof GoldenCasePresented>,
): GoldenEvent[] => (opensAt !== undefined && !presented && !isRetired ? [{ type: 'GoldenCasePresented', data }] : []);

/** A no-op if it is retired. @throws NotFound golden-case-unknown */
export function retireGoldenCase(state: GoldenCase, data: { goldenId: string; reason: string }): GoldenEvent[] {
  refuseUnknownGolden(state, data.goldenId);
  return state.isRetired ? [] : [{ type: 'GoldenCaseRetired', data }];
}

/** Retires a golden case whose image turned out to be one of somebody: then its case is one like others, with an owner. */
export const retireUsedImage = (state: GoldenCase, goldenId: string): GoldenEvent[] =>
  retireGoldenCase(state, { goldenId, reason: 'its image was reported or flagged' });

/** @throws NotFound golden-case-unknown */
export function refuseUnknownGolden({ added }: GoldenCase, goldenId: string): void {
  if (added) return;
  throw new NotFound('golden-case-unknown', `there is no golden case ${goldenId}: GET /v1/golden-cases lists all`);
}

import type pg from 'pg';
import type { Position } from '../../kernel/envelope.js';
import { viewLookup } from '../../projections/view-lookup.js';
import type { ViewReader } from '../../projections/view-reader.js';
import { imagesView } from '../views/images.js';

/** The facts of an image that rules need; null if its system did not report them. */
export interface ImageFacts {
  accountId: string;
  photorealistic: boolean | null;
  faces: boolean | null;
}

/** As of the view's position. */
export interface KnownImage {
  /** Undefined if no event up to that position reports the image. */
  facts: ImageFacts | undefined;
  asOf: Position;
  /** Whether an event of the image could not be processed, so that the facts may be incomplete. */
  isParked: boolean;
}

/** One list, since a prepared statement has one text. */
export const IMAGE_COLUMNS = Object.keys(imagesView.table.columns);

const knownImage = (pool: pg.Pool): ((imageId: string) => Promise<KnownImage>) => {
  const find = viewLookup(pool, imagesView, IMAGE_COLUMNS);
  return async (imageId) => {
    const { row, asOf, isParked } = await find(imageId);
    const facts = row && { accountId: row.account_id, photorealistic: row.photorealistic, faces: row.faces };
    return { facts, asOf, isParked };
  };
};

/** Between two looks for an image that no event has reported yet; those that wait at once share a query. */
const LOOK_MS = 25;

/**
 * Looks images up as of a minimum position.
 * @returns a function that throws StoreUnavailable past its deadline, a time of the monotonic clock, if the position is not
 *   reached by then. If an image is awaited, it waits until then for its first event too.
 */
export function imagesAsOf(pool: pg.Pool, reader: ViewReader) {
  const find = knownImage(pool);
  /** Lookups of one request share one wait. */
  const waits = new Map<string, Promise<void>>();
  const reached = (position: Position, deadline: number): Promise<void> => {
    const key = `${position}:${deadline}`;
    let wait = waits.get(key);
    if (!wait) {
      wait = reader.reached(imagesView, position, deadline - performance.now()).finally(() => waits.delete(key));
      waits.set(key, wait);
    }
    return wait;
  };
  return async (imageId: string, from: Position, deadline: number, isAwaited = false): Promise<KnownImage> => {
    let known = await find(imageId);
    if (known.asOf < from) {
      await reached(from, deadline);
      known = await find(imageId);
    }
    while (isAwaited && !known.facts && !known.isParked && performance.now() < deadline) {
      await reader.nextPage(Math.min(LOOK_MS, deadline - performance.now()));
      known = await find(imageId);
    }
    return known;
  };
}

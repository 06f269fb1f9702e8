import type { StreamKind } from '../kernel/decider.js';
import { type SampleEvent, sampleEvents } from './events.js';

/** Whether an image is in the sample; without an event it is not. */
export type Sampled = 'no' | 'reviewed' | 'skipped';

export const sampleStream: StreamKind<Sampled, SampleEvent> = {
  category: 'sample',
  events: sampleEvents,
  initial: 'no',
  evolve: (_, { data }) => (data.isSkipped ? 'skipped' : 'reviewed'),
};

/** A no-op if it was chosen before: what was decided then stands, however many wait now. */
export const chooseImage = (
  state: Sampled,
  { imageId, perMillion, isFull }: { imageId: string; perMillion: number; isFull: boolean },
): SampleEvent[] =>
  state === 'no' ? [{ type: 'ImageSampled', data: { imageId, perMillion, ...(isFull && { isSkipped: true }) } }] : [];

/** The range of the first eight digits of a hash in hex. */
const RANGE = 2 ** 32;
const MILLION = 1_000_000;

/** The place of a keyed hash in hex among a million: nobody can tell it without the key. From 0, without a million. */
export const placeInMillion = (hash: string): number => (Number.parseInt(hash.slice(0, 8), 16) / RANGE) * MILLION;

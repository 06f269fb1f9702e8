import type { OwnEventIds } from '../../event-store/event-identity.js';
import type { Transactor } from '../../event-store/transact.js';
import type { RecordedOf } from '../../events/event-definition.js';
import { ImageDownloaded, ImageShared } from '../../images/index.js';
import { causedBy } from '../../kernel/command-context.js';
import type { Position } from '../../kernel/envelope.js';
import type { PersonKeys } from '../../platform/personal-data/person-keys.js';
import { reviewSettingsStream, type SampleLikenessOf, type UnflaggedOpening } from '../../review/index.js';
import { type Consumer, defineConsumer } from '../../subscriptions/consumer.js';
import { ImageSampled } from '../events.js';
import { chooseImage, placeInMillion, sampleStream } from '../prevalence-sample.js';

export const PREVALENCE_SAMPLING = 'prevalence-sampling';
/** Maximum cases of the sample that wait at once, up to a few more: reviewers have the flagged images to judge. */
export const MAX_WAITING = 200;

export interface PrevalenceSamplingPorts {
  transactor: Pick<Transactor, 'load' | 'transact'>;
  ownEventIds: Pick<OwnEventIds, 'once'>;
  keys: Pick<PersonKeys, 'keyedHash'>;
  /** When an image was first exposed, in epoch milliseconds, as of a position at least. @throws NotCaughtUp */
  exposedAt(imageId: string, from: Position): Promise<number | null>;
  /** The cases of the sample that are not decided, as of a moment ago. */
  waiting(): Promise<number>;
  ownerOf(imageId: string): Promise<string | undefined>;
  /** What the case of an image shows, for reviewers not to tell it from one that somebody flagged. */
  likeness: SampleLikenessOf;
  open: UnflaggedOpening;
}

/**
 * Chooses images at random when they are first exposed, and has those reviewed that have no case. The choice follows from a
 * keyed hash of the image, so that it does not depend on what the image shows, nor on who flags it; the setting at that time
 * says how many. Whether too many wait is found out before anything else is known of the image, and recorded: it would bias
 * the sample to leave out only those that nobody flags.
 */
export function prevalenceSampling(ports: PrevalenceSamplingPorts): Consumer {
  const { transactor, ownEventIds, keys, exposedAt, waiting, ownerOf, likeness, open } = ports;
  const placeOf = (imageId: string) => placeInMillion(keys.keyedHash(`prevalence\n${imageId}`));
  async function imagesPerMillion(): Promise<number> {
    const { state } = await transactor.load(reviewSettingsStream, undefined);
    return state.sampling.prevalencePerMillion;
  }

  return defineConsumer({
    name: PREVALENCE_SAMPLING,
    events: [ImageShared, ImageDownloaded],
    key: ({ data }) => data.imageId,
    concerns: isExposure,
    async concerning(events) {
      const perMillion = await imagesPerMillion();
      return perMillion === 0 ? [] : events.filter(({ data }) => placeOf(data.imageId) < perMillion);
    },
    async react(event) {
      const { imageId } = event.data;
      const perMillion = await imagesPerMillion();
      if (placeOf(imageId) >= perMillion) return;
      const first = await exposedAt(imageId, event.position);
      if (first !== null && first < Date.parse(event.metadata.time)) return;
      const isFull = (await waiting()) >= MAX_WAITING;
      const cause = causedBy(event, PREVALENCE_SAMPLING);
      const choosing = {
        ...ownEventIds.once(event, PREVALENCE_SAMPLING, 'sample-image'),
        eventType: ImageSampled.type,
      };
      const { state } = await transactor.transact(sampleStream, imageId, choosing, (before) =>
        chooseImage(before, { imageId, perMillion, isFull }),
      );
      if (state !== 'reviewed') return;
      const accountId = await ownerOf(imageId);
      const chosenAt = event.metadata.time;
      const owner = accountId === undefined ? {} : { accountId };
      const sample = await likeness(imageId);
      await open({ imageId, ...owner, origin: 'sample', categories: [], sample, chosenAt }, cause);
    },
  });
}

/** As in the safety metrics: a share without an audience is public. */
const isExposure = ({ type, data }: RecordedOf<typeof ImageShared | typeof ImageDownloaded>): boolean =>
  type === 'ImageDownloaded' || !('audience' in data) || data.audience === 'public';

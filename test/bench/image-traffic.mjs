import { systemClock, toIso } from '../../dist/libs/kernel/clock.js';
import { timeOrderedIds } from '../../dist/libs/kernel/ids.js';

const ACCOUNTS = 50_000;
const SOURCE = '/image-service';
const ACTOR = { kind: 'service', id: 'images' };
/** How many later images come before an image is shared or downloaded. */
const SHARED_AFTER = 2_000;
const DOWNLOADED_AFTER = 3_000;
/** Of the exposed images; the published share is below 0.05%. */
const ONE_FLAGGED_IN = 2_000;
const PROMPT = 'an astronaut riding a horse in a photorealistic style, at dawn, with the earth behind them';

/** Two rounds of a 32-bit mix (MurmurHash3's finaliser). */
function mixed(number) {
  let hash = number | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

const hex = (number) => number.toString(16).padStart(8, '0');
/** Unordered, like the ids of most systems, so that writes to an index on them are scattered. */
const imageId = (image) => `img-${hex(mixed(image))}${hex(image)}`;
const accountId = (image) => `acc-${hex(mixed(mixed(image) % ACCOUNTS))}`;

/**
 * The endless events of an image service: each image is generated; two of five are shared and one of five is downloaded
 * soon; for one of five an older image of any age is downloaded; a few are flagged. About 300 bytes of stored JSON each.
 * @param from the first image's number; two services must not report the same images
 * @param prompt whether each image has its prompt, which Gatehouse encrypts with the account's key
 */
export function imageTraffic(from = 0, prompt = false) {
  const ids = timeOrderedIds(systemClock);
  const about = (type, image, by, more) => [type, { imageId: imageId(image), accountId: accountId(by), ...more }];
  const made = (image) =>
    about('ImageGenerated', image, image, { model: 'dalle-2', faces: false, ...(prompt ? { prompt: PROMPT } : {}) });
  const flag = (image) => [
    'ContentFlagged',
    { imageId: imageId(image), flaggedBy: accountId(image + 2), flaggerKind: 'user', categories: ['violent'] },
  ];

  function* all() {
    for (let image = from; ; image++) {
      yield made(image);
      const shared = image - SHARED_AFTER;
      if (shared >= from && shared % 5 < 2) yield about('ImageShared', shared, shared, { audience: 'public' });
      const downloaded = image - DOWNLOADED_AFTER;
      if (downloaded < from) continue;
      if (downloaded % 5 === 1) yield about('ImageDownloaded', downloaded, image, {});
      if (downloaded % 5 === 2) yield about('ImageDownloaded', from + (mixed(image) % (image - from)), image, {});
      if (downloaded % ONE_FLAGGED_IN === 1) yield flag(downloaded);
    }
  }
  const events = all();
  return {
    /** @returns the next events: id, type, data, time */
    take: (count) =>
      Array.from({ length: count }, () => {
        const [type, data] = events.next().value;
        return { id: ids.next(), type, data, time: toIso(systemClock.now()) };
      }),
  };
}

/** As events of a batch. */
export const cloudEvents = (events) =>
  events.map(({ id, type, data, time }) => ({ specversion: '1.0', id, source: SOURCE, type, time, data }));

/** As events of a log. */
export const stored = (events) =>
  events.map(({ id, type, data, time }) => ({
    id,
    type,
    data,
    metadata: {
      source: SOURCE,
      subject: `image-${data.imageId ?? data.caseId}`,
      time,
      schemaversion: 1,
      correlationid: id,
      actor: ACTOR,
    },
  }));

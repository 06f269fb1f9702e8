import { systemClock, toIso } from '../../dist/libs/kernel/clock.js';
import { timeOrderedIds } from '../../dist/libs/kernel/ids.js';

const ID_DIGITS = 12;
const ACCOUNTS = 50_000;
const SOURCE = '/image-service';
const ACTOR = { kind: 'service', id: 'images' };
/** An image is shared and downloaded a while after it was made, so that many others come in between. */
const SHARED_AFTER = 2_000;
const DOWNLOADED_AFTER = 3_000;
/** Of the exposed images; the published share is below 0.05%. */
const ONE_FLAGGED_IN = 2_000;
const PROMPT = 'an astronaut riding a horse in a photorealistic style, at dawn, with the earth behind them';

const padded = (number) => String(number).padStart(ID_DIGITS, '0');
const accountOf = (image) => `acc-${padded((image * 7919) % ACCOUNTS)}`;
const isShared = (image) => image % 5 < 2;
const isDownloaded = (image) => image % 5 === 1 || image % 5 === 4;

/**
 * What an image service tells, endlessly: each image is made, two of five are shared, two of five downloaded, a few of
 * those flagged. About 300 bytes of stored JSON each.
 * @param from the first image's number; two services must not tell of the same images
 * @param prompt whether each image comes with its prompt, which Gatehouse seals under the account's key
 */
export function imageTraffic(from = 0, prompt = false) {
  const ids = timeOrderedIds(systemClock);
  const made = (image) => {
    const data = { imageId: `img-${padded(image)}`, accountId: accountOf(image), model: 'dalle-2', faces: false };
    return ['ImageGenerated', prompt ? { ...data, prompt: PROMPT } : data];
  };
  const told = (type, image, more) => [
    type,
    { imageId: `img-${padded(image)}`, accountId: accountOf(image + 1), ...more },
  ];
  const flag = (image) => [
    'ContentFlagged',
    { imageId: `img-${padded(image)}`, flaggedBy: accountOf(image + 2), flaggerKind: 'user', categories: ['violent'] },
  ];

  function* all() {
    for (let image = from; ; image++) {
      yield made(image);
      const shared = image - SHARED_AFTER;
      if (shared >= from && isShared(shared)) yield told('ImageShared', shared, { audience: 'public' });
      const downloaded = image - DOWNLOADED_AFTER;
      if (downloaded >= from && isDownloaded(downloaded)) yield told('ImageDownloaded', downloaded, {});
      if (downloaded >= from && downloaded % ONE_FLAGGED_IN === 1) yield flag(downloaded);
    }
  }
  const events = all();
  return {
    /** @returns so many more events: id, type, data, time */
    take: (count) =>
      Array.from({ length: count }, () => {
        const [type, data] = events.next().value;
        return { id: ids.next(), type, data, time: toIso(systemClock.now()) };
      }),
  };
}

/** As a sender puts them into a batch. */
export const cloudEvents = (events) =>
  events.map(({ id, type, data, time }) => ({ specversion: '1.0', id, source: SOURCE, type, time, data }));

/** As a log stores them. */
export const stored = (events) =>
  events.map(({ id, type, data, time }) => ({
    id,
    type,
    data,
    metadata: {
      source: SOURCE,
      subject: `image-${data.imageId}`,
      time,
      schemaversion: 1,
      correlationid: id,
      actor: ACTOR,
    },
  }));

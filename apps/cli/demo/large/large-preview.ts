import type { ContentFlagged, ImageGenerated, ImageShared } from '../../../../libs/images/index.js';
import { eventsOf, type OutgoingEvent } from '../../../../libs/ingest/cli/cloud-event.js';
import { type Chance, seededChance } from '../chance.js';
import { DEMO_SOURCE } from '../preview.js';

export interface LargeSize {
  /** Part of every id. */
  run: string;
  flags: number;
  seed: number;
}

export interface FlaggedImage {
  imageId: string;
  /** Its place among the flagged images, the same in every run. */
  place: number;
  accountId: string;
  category: string;
  /** What a reviewer without fault says. */
  truth: 'safe' | 'unsafe';
  /** Whether its reviews come before or after the change of the ladder. */
  half: 0 | 1;
}

/** A preview with many flags, of which few are the first of their kind. */
export interface LargePreview {
  accounts: string[];
  images: OutgoingEvent[];
  shares: OutgoingEvent[];
  flagged: FlaggedImage[];
  /** The flags of the images of each half, those of one image by different people. */
  flags: [OutgoingEvent[], OutgoingEvent[]];
  /** The same people flag the same images for the same category again. */
  repeats: OutgoingEvent[];
  /** Users who flag image after image. */
  flooders: string[];
  floods: OutgoingEvent[];
  /** The images that nobody but flooders flagged. */
  flooded: string[];
}

const event = eventsOf(DEMO_SOURCE);

/** Of all flags: those that open or join a case, those that repeat one; the rest is of flooders. */
const GENUINE = 0.04;
const REPEATED = 0.36;
const FLAGS_PER_IMAGE = [1, 1, 2, 3];
const IMAGES_PER_FLAG = 0.2;
const PEOPLE_PER_FLAG = 0.02;
const MIN_PEOPLE = 40;
const FLOODERS = 4;
const UNSAFE = 0.3;
const SHARED = 0.5;
/** A few people make most of what is unsafe, so that some reach the higher steps of a ladder. */
const OFFENDERS = 0.1;
const BY_OFFENDERS = 0.8;
const CATEGORIES = ['violent', 'hate', 'sexual', 'self-harm'];
/** What flooders flag, so that a rule can keep it out of the reviewers' queue. */
export const FLOOD_CATEGORY = 'spam';

export function makeLargePreview({ run, flags: total, seed }: LargeSize): LargePreview {
  const chance = seededChance(seed);
  const id = (kind: string, n: number) => `demo-${run}-${kind}-${n}`;
  const people = Math.max(MIN_PEOPLE, Math.round(total * PEOPLE_PER_FLAG));
  const accounts = Array.from({ length: people }, (_, n) => id('person', n + 1));
  const offenders = accounts.slice(0, Math.ceil(people * OFFENDERS));

  const flagged: FlaggedImage[] = [];
  const flags: LargePreview['flags'] = [[], []];
  const genuine: OutgoingEvent[] = [];
  for (let count = Math.round(total * GENUINE); genuine.length < count; ) {
    const n = flagged.length + 1;
    const truth = chance.happens(UNSAFE) ? 'unsafe' : 'safe';
    const image: FlaggedImage = {
      imageId: id('image', n),
      place: n,
      accountId: chance.pick(truth === 'unsafe' && chance.happens(BY_OFFENDERS) ? offenders : accounts),
      category: chance.pick(CATEGORIES),
      truth,
      half: chance.happens(0.5) ? 1 : 0,
    };
    flagged.push(image);
    for (const flaggedBy of flaggers(chance, accounts, image.accountId)) {
      const one = flag(id('flag', genuine.length + 1), image, flaggedBy);
      genuine.push(one);
      flags[image.half].push(one);
    }
  }

  const repeats = Array.from({ length: Math.round(total * REPEATED) }, (_, n) => {
    const { data } = chance.pick(genuine);
    return event<typeof ContentFlagged>('ContentFlagged', id('repeat', n + 1), data as FlagData);
  });

  const flooders = Array.from({ length: FLOODERS }, (_, n) => id('flooder', n + 1));
  const unflagged = Math.max(1, Math.round(total * IMAGES_PER_FLAG) - flagged.length);
  const others = Array.from({ length: unflagged }, (_, n) => ({
    imageId: id('image', flagged.length + n + 1),
    accountId: chance.pick(accounts),
    category: FLOOD_CATEGORY,
  }));
  const floods = Array.from({ length: Math.max(0, total - genuine.length - repeats.length) }, (_, n) =>
    flag(id('flood', n + 1), others[Math.floor(n / FLOODERS) % others.length]!, flooders[n % FLOODERS]!),
  );

  const all = [...flagged, ...others];
  return {
    accounts,
    images: all.map(({ imageId, accountId }, n) =>
      event<typeof ImageGenerated>('ImageGenerated', id('generated', n + 1), { imageId, accountId, model: 'demo-1' }),
    ),
    shares: all
      .filter(() => chance.happens(SHARED))
      .map(({ imageId, accountId }, n) =>
        event<typeof ImageShared>('ImageShared', id('shared', n + 1), { imageId, accountId, audience: 'public' }),
      ),
    flagged,
    flags,
    repeats,
    flooders,
    floods,
    flooded: [...new Set(floods.map(({ data }) => data.imageId as string))],
  };
}

type FlagData = Parameters<typeof event<typeof ContentFlagged>>[2];
type Flagged = Pick<FlaggedImage, 'imageId' | 'accountId' | 'category'>;

const flag = (id: string, { imageId, accountId, category }: Flagged, flaggedBy: string): OutgoingEvent =>
  event<typeof ContentFlagged>('ContentFlagged', id, {
    imageId,
    accountId,
    flaggedBy,
    flaggerKind: 'user',
    categories: [category],
  });

/** Distinct people other than the image's account. */
function flaggers(chance: Chance, accounts: readonly string[], owner: string): Set<string> {
  const found = new Set<string>();
  for (const count = chance.pick(FLAGS_PER_IMAGE); found.size < count; ) {
    const one = chance.pick(accounts);
    if (one !== owner) found.add(one);
  }
  return found;
}

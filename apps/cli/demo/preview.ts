import type { WaitlistJoined } from '../../../libs/account/index.js';
import type { DataOf, EventDefinition } from '../../../libs/events/event-definition.js';
import type { ContentFlagged, ImageDownloaded, ImageGenerated, ImageShared } from '../../../libs/images/index.js';
import { eventsOf, type OutgoingEvent } from '../../../libs/ingest/cli/cloud-event.js';
import { type Chance, seededChance } from './chance.js';

export const DEMO_SOURCE = '/demo';
const demoEvent = eventsOf(DEMO_SOURCE);

export interface PreviewSize {
  /** Part of every id, so that runs share no ids. */
  run: string;
  people: number;
  images: number;
  seed: number;
}

/** All events of a preview, created before any is sent. */
export interface Preview {
  accounts: string[];
  joins: OutgoingEvent[];
  images: OutgoingEvent[];
  /** Shares and downloads. */
  exposures: OutgoingEvent[];
  flags: OutgoingEvent[];
  /** The reviewers' verdict on each flagged image. */
  findings: Map<string, 'safe' | 'unsafe'>;
}

/** The real shares are below 0.05%; a preview of a thousand images would show nothing. */
const FLAGGED = 0.02;
const MIN_FLAGGED = 5;
const CONFIRMED = 0.3;
const SHARED = 0.35;
const DOWNLOADED = 0.3;
const BY_DETECTOR = 0.25;
const PHOTOREALISTIC = 0.3;
const WITH_FACES = 0.15;

const WHO = ['an astronaut', 'a red fox', 'two robots', 'an old sailor', 'a violinist', 'a teapot', 'a tortoise'];
const DOES = ['riding a horse', 'playing chess', 'crossing a bridge', 'reading a map', 'asleep', 'baking bread'];
const WHERE = ['on the moon', 'in a flooded library', 'under cherry trees', 'at a night market', 'in deep snow'];
const HOW = ['watercolour', 'pencil sketch', 'isometric render', 'photograph, 35 mm', 'stained glass', 'oil painting'];
const CATEGORIES = ['violent', 'hate', 'sexual', 'self-harm', 'deception', 'other'];

export function makePreview({ run, people, images, seed }: PreviewSize): Preview {
  const chance = seededChance(seed);
  const accounts = Array.from({ length: people }, (_, index) => `demo-${run}-person-${index + 1}`);
  const event = <Definition extends EventDefinition>(type: Definition['type'], id: string, data: DataOf<Definition>) =>
    demoEvent<Definition>(type, `demo-${run}-${id}`, data);

  const owners = new Map<string, string>();
  const generated: OutgoingEvent[] = [];
  const exposures: OutgoingEvent[] = [];
  const exposed: string[] = [];
  for (let n = 1; n <= images; n++) {
    const imageId = `demo-${run}-image-${n}`;
    const accountId = chance.pick(accounts);
    owners.set(imageId, accountId);
    const image = picture(chance);
    generated.push(event<typeof ImageGenerated>('ImageGenerated', `generated-${n}`, { imageId, accountId, ...image }));
    // The product asks before it shares, and sharing photorealistic faces is denied.
    const shared = chance.happens(SHARED) && !(image.photorealistic && image.faces);
    const downloaded = chance.happens(DOWNLOADED);
    if (shared)
      exposures.push(
        event<typeof ImageShared>('ImageShared', `shared-${n}`, { imageId, accountId, audience: 'public' }),
      );
    if (downloaded)
      exposures.push(event<typeof ImageDownloaded>('ImageDownloaded', `downloaded-${n}`, { imageId, accountId }));
    if (shared || downloaded) exposed.push(imageId);
  }

  const flags: OutgoingEvent[] = [];
  const findings = new Map<string, 'safe' | 'unsafe'>();
  const flagged = drawn(chance, exposed, Math.max(MIN_FLAGGED, Math.round(exposed.length * FLAGGED)));
  for (const [index, imageId] of flagged.entries()) {
    const accountId = owners.get(imageId)!;
    const byDetector = chance.happens(BY_DETECTOR);
    const others = accounts.filter((one) => one !== accountId);
    flags.push(
      event<typeof ContentFlagged>('ContentFlagged', `flagged-${index + 1}`, {
        imageId,
        accountId,
        flaggedBy: byDetector ? 'demo-detector' : chance.pick(others),
        flaggerKind: byDetector ? 'detector' : 'user',
        categories: [chance.pick(CATEGORIES)],
      }),
    );
    findings.set(imageId, index < Math.ceil(flagged.length * CONFIRMED) ? 'unsafe' : 'safe');
  }

  const joins = accounts.map((accountId, index) =>
    event<typeof WaitlistJoined>('WaitlistJoined', `joined-${index + 1}`, {
      accountId,
      email: `${accountId}@demo.invalid`,
    }),
  );
  return { accounts, joins, images: generated, exposures, flags, findings };
}

function picture(chance: Chance) {
  return {
    model: 'demo-1',
    prompt: `${chance.pick(WHO)} ${chance.pick(DOES)} ${chance.pick(WHERE)}, ${chance.pick(HOW)}`,
    photorealistic: chance.happens(PHOTOREALISTIC),
    faces: chance.happens(WITH_FACES),
  };
}

/** A random choice of `count` distinct items. */
function drawn<Item>(chance: Chance, items: readonly Item[], count: number): Item[] {
  const left = [...items];
  const chosen: Item[] = [];
  while (chosen.length < count && left.length > 0) {
    chosen.push(...left.splice(Math.floor(chance.next() * left.length), 1));
  }
  return chosen;
}

import type { DataOf, EventDefinition } from '../../libs/events/event-definition.js';
import type { Chance } from '../../libs/gate/trials/chance.js';
import type { ContentFlagged, ImageDownloaded, ImageGenerated, ImageShared } from '../../libs/images/index.js';
import { DAY_MS, toIso, WEEK_MS } from '../../libs/kernel/clock.js';
import type { Person } from './population.js';
import type { Scenario } from './scenario.js';

/** A CloudEvent in JSON form. */
export interface SentEvent {
  specversion: '1.0';
  id: string;
  source: string;
  type: string;
  time: string;
  data: Record<string, unknown>;
}

const SOURCE = '/simulation';
export const MODEL = 'simulated-1';
export const CATEGORY = 'violent';
/** The longest from an image to its share, and the least. */
const LONGEST_TO_SHARE_MS = 3_600_000;

export const sent = <Definition extends EventDefinition>(
  type: Definition['type'],
  id: string,
  at: number,
  data: DataOf<Definition>,
): SentEvent => ({ specversion: '1.0', id, source: SOURCE, type, time: toIso(at), data });

interface Flag {
  at: number;
  imageId: string;
  flag: DataOf<typeof ContentFlagged>;
}

const NOTHING: ReadonlySet<string> = new Set();

/** What people do with images, and who flags them. Draws are each person's own. */
export class Traffic {
  /** Flags that come later, by the end of the step in which they come. */
  private readonly later = new Map<number, Flag[]>();
  /** Of flagged images that are not decided: whether they violate the policy. */
  private readonly violations = new Map<string, boolean>();
  private readonly stepMs: number;
  private readonly startsAt: number;

  constructor(private readonly scenario: Scenario) {
    this.stepMs = (scenario.stepHours * DAY_MS) / 24;
    this.startsAt = Date.parse(scenario.startsAt);
  }

  /** Notes what a flagged image is that was exposed before the simulation began. */
  flagged(imageId: string, isViolation: boolean): void {
    this.violations.set(imageId, isViolation);
  }

  /** Whether a flagged image violates the policy. */
  isViolation = (imageId: string): boolean => this.violations.get(imageId) ?? false;

  /**
   * What happens until a step ends, in the order of its times.
   * @param to epoch milliseconds
   * @param restricted what nobody may do
   */
  until(to: number, people: readonly Person[], restricted: ReadonlySet<string> = NOTHING): SentEvent[] {
    const events: { at: number; event: SentEvent }[] = [];
    if (!restricted.has('generate')) for (const person of people) this.imagesOf(person, to, events, restricted);
    for (const { at, imageId, flag } of this.later.get(to) ?? []) {
      events.push({ at, event: sent<typeof ContentFlagged>('ContentFlagged', `flag-${imageId}`, at, flag) });
    }
    this.later.delete(to);
    return events.sort((one, other) => one.at - other.at).map(({ event }) => event);
  }

  private imagesOf(
    person: Person,
    to: number,
    events: { at: number; event: SentEvent }[],
    restricted: ReadonlySet<string>,
  ): void {
    const { number, accountId, behaviour, chance } = person;
    const { imagesPerWeek, sharedShare, downloadedShare } = behaviour;
    const from = to - this.stepMs;
    const mean = imagesPerWeek * activityOf(person, from);
    for (let left = poisson(chance, (mean * this.stepMs) / WEEK_MS); left > 0; left--) {
      const imageId = `image-${number}-${++person.images}`;
      const at = Math.floor(from + (1 - chance.next()) * this.stepMs);
      const image = { imageId, accountId, model: MODEL, faces: false, photorealistic: false };
      events.push({ at, event: sent<typeof ImageGenerated>('ImageGenerated', `generated-${imageId}`, at, image) });
      const use = chance.next();
      if (use > sharedShare + downloadedShare || restricted.has(use <= sharedShare ? 'share' : 'download')) continue;
      const used = Math.min(to - 1, at + Math.ceil(chance.next() * LONGEST_TO_SHARE_MS));
      const event =
        use <= sharedShare
          ? sent<typeof ImageShared>('ImageShared', `shared-${imageId}`, used, {
              imageId,
              accountId,
              audience: 'public',
            })
          : sent<typeof ImageDownloaded>('ImageDownloaded', `downloaded-${imageId}`, used, { imageId, accountId });
      events.push({ at: used, event });
      this.flagLater(person, imageId, used);
    }
  }

  private flagLater({ accountId, violationRate, chance }: Person, imageId: string, exposedAt: number): void {
    const { recall, falseAlarmRate, byUsers, delayDays } = this.scenario.detection;
    const isViolation = chance.happens(violationRate);
    if (!chance.happens(isViolation ? recall : falseAlarmRate)) return;
    const at = Math.ceil(exposedAt + chance.exponential(delayDays * DAY_MS));
    const isByUser = chance.happens(byUsers);
    const flag = {
      ...{ imageId, accountId, categories: [CATEGORY] },
      flaggedBy: isByUser ? `somebody-${imageId}` : 'detector-1',
      flaggerKind: isByUser ? ('user' as const) : ('detector' as const),
    };
    this.violations.set(imageId, isViolation);
    // Of the step that has just been played nothing more is sent.
    const step = Math.max(1, Math.ceil((at - this.startsAt) / this.stepMs));
    const end = this.startsAt + step * this.stepMs;
    const known = this.later.get(end);
    if (known) known.push({ at, imageId, flag });
    else this.later.set(end, [{ at, imageId, flag }]);
  }
}

/** How active somebody is by then, as a multiple. */
function activityOf({ behaviour, since }: Person, at: number): number {
  const { activityByWeek } = behaviour;
  if (!activityByWeek) return 1;
  const week = Math.max(0, Math.floor((at - since) / WEEK_MS));
  return activityByWeek[Math.min(week, activityByWeek.length - 1)]!;
}

/** By counting exponential gaps: the mean is a few images a step. */
function poisson(chance: Chance, mean: number): number {
  let count = 0;
  for (let at = chance.exponential(1); at < mean; at += chance.exponential(1)) count++;
  return count;
}

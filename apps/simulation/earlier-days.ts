import type { WaitlistJoined } from '../../libs/account/index.js';
import { seededChance } from '../../libs/gate/trials/chance.js';
import type { ContentFlagged, ImageGenerated, ImageShared } from '../../libs/images/index.js';
import { DAY_MS, WEEK_MS } from '../../libs/kernel/clock.js';
import type { CohortOnboarded } from '../../libs/rollout/index.js';
import type { Person, Population } from './population.js';
import { type Before, EARLIER_DAYS, type Scenario } from './scenario.js';
import type { SimulatedService } from './simulated-service.js';
import { type SimulatedStaff, scaledRate } from './simulated-staff.js';
import { sumOf } from './sum-of.js';
import { CATEGORY, MODEL, type SentEvent, sent, type Traffic } from './traffic.js';

/** One more than is counted, for what was before all of that. */
const DAYS = EARLIER_DAYS + 1;
const PEOPLE_PER_EVENT = 1000;

/** Where the clock begins. */
export const clockBegin = ({ startsAt, before }: Scenario): number =>
  Date.parse(startsAt) - (before ? DAYS * DAY_MS : 0);

interface Given {
  service: SimulatedService;
  staff: SimulatedStaff;
  population: Population;
  traffic: Traffic;
  /** Follows what has been stored. */
  follow(): Promise<void>;
}

interface Row {
  exposed: number;
  flagged: number;
  pending: number;
  confirmed: number;
}

/**
 * Brings a new installation to the state that a scenario begins with: who is in and waits, the cases, the evidence of the stage.
 * Each confirmed violation is by somebody of their own, who is deactivated for it; other images are spread evenly. Everybody who came in
 * before the stage comes in on the first day, the others when it begins. At a scale, each number is rounded up or down by chance.
 */
export class EarlierDays {
  private readonly chance;
  private readonly startsAt: number;
  private images = 0;
  private cohorts = 0;
  /** The rate by which all of them can come in at once, and which is no lower than that of before: a higher one would begin a stage. */
  private rateForAll = 1;
  private readonly stageDay: number;
  /** Who made images, by class, and whose turn it is. */
  private readonly makers = new Map<string, Person[]>();
  /** Who made confirmed images, by class. */
  private readonly violators = new Map<string, Person[]>();
  /** The rows of each day, at scale. */
  private readonly rows: (Row & { class: string; daysAgo: number })[];

  constructor(
    private readonly before: Before,
    private readonly scenario: Scenario,
    private readonly scale: number,
    seed: number,
    private readonly given: Given,
  ) {
    this.chance = seededChance(seed, 'before');
    this.startsAt = Date.parse(scenario.startsAt);
    this.stageDay = Math.min(EARLIER_DAYS, before.stage.days);
    this.rows = before.exposures.map(({ class: name, daysAgo, ...row }) => {
      const [confirmed, pending] = [this.scaled(row.confirmed), this.scaled(row.pending)];
      const flagged = confirmed + pending + this.scaled(Math.max(0, row.flagged - row.confirmed - row.pending));
      const exposed = Math.max(flagged, this.scaled(row.exposed));
      return { class: name, daysAgo: Math.min(this.stageDay, daysAgo), exposed, flagged, pending, confirmed };
    });
  }

  async play(): Promise<void> {
    const { service, staff, traffic, follow } = this.given;
    const { perWeek, stage, waiting } = this.before;
    const everybody = this.before.people.map((one) => ({ ...one, people: this.scaled(one.people) }));
    const wasBefore = ({ week }: { week: number }) => week * 7 >= this.stageDay;
    const violators = this.rows.map(({ class: name, confirmed }) => ({ class: name, week: 0, people: confirmed }));
    const people = sumOf([...everybody, ...violators], (one) => one.people);
    this.rateForAll = Math.max(scaledRate(perWeek, this.scale), 1 + people);
    const reviews = this.reviews();
    const opening = new Opening(sumOf(reviews, ({ opened }) => opened) - sumOf(this.rows, ({ flagged }) => flagged));
    let undecided = 0;
    for (let day = DAYS; day >= 0; day--) {
      await service.moveTo(this.startsAt - day * DAY_MS);
      if (day === DAYS) {
        await service.work(() => staff.setExactRate(this.rateForAll, false));
        await this.enter(everybody.filter(wasBefore), this.makers);
        await follow();
      }
      if (day === this.stageDay) {
        for (let ordinal = 2; ordinal <= stage.ordinal; ordinal++) await service.work(() => staff.beginStage(ordinal));
        await this.enter(
          everybody.filter((one) => !wasBefore(one)),
          this.makers,
        );
        await this.enter(violators, this.violators);
        await follow();
      }
      const shown = this.rows.filter(({ daysAgo }) => daysAgo === day);
      const facts = shown.flatMap((row) => this.factsOf(row));
      const { opened, decided } = reviews[day] ?? { opened: 0, decided: 0 };
      const flagged = sumOf(shown, (row) => row.flagged);
      // Of images that nobody was shown: cases that are no evidence of the stage.
      const others = Array.from({ length: opening.others(opened, flagged) }, () => this.imageOf(undefined, 'flagged'));
      await service.send([...facts, ...others.flat()]);
      undecided += decided;
      undecided -= await service.work(() => staff.decide(undecided, traffic.isViolation));
      await service.settle();
      await follow();
    }
    const line = waiting.flatMap(({ class: name, people }) =>
      Array.from({ length: this.scaled(people) }, () => this.given.population.add(name, 0)),
    );
    await service.send(
      [],
      line.map((person) => this.joins(person)),
    );
    await service.work(async () => {
      await staff.setRate(perWeek);
      await staff.setRate(this.scenario.perWeek);
    });
    await service.settle();
  }

  /**
   * By days ago, at scale. On the first day also what waited before it, and those that were flagged and decided before all that is counted. More
   * is opened than decided by as many as wait at the end.
   */
  private reviews(): { opened: number; decided: number }[] {
    const { reviews, waitingCases } = this.before;
    const days = Array.from({ length: EARLIER_DAYS + 1 }, () => ({ opened: 0, decided: 0 }));
    let waiting = waitingCases;
    for (const { daysAgo, opened, decided } of reviews) {
      days[daysAgo]!.opened += opened;
      days[daysAgo]!.decided += decided;
      waiting += decided - opened;
    }
    const first = days[EARLIER_DAYS]!;
    first.opened += Math.max(0, waiting);
    first.decided += Math.max(0, -waiting);
    // The same draw for both, so that their difference is rounded as one number is.
    const draw = this.chance.next();
    const [opened, decided] = [this.rounded(days, 'opened', draw), this.rounded(days, 'decided', draw)];
    const earlier = Math.max(0, sumOf(this.rows, ({ flagged }) => flagged) - sumOf(opened));
    return days.map((_, day) => {
      const more = day === EARLIER_DAYS ? earlier : 0;
      return { opened: opened[day]! + more, decided: decided[day]! + more };
    });
  }

  /** Each day at scale, from the first on, so that the sum of all of them is at scale too. */
  private rounded<Name extends string>(days: readonly Record<Name, number>[], name: Name, draw: number): number[] {
    let [all, before] = [0, 0];
    return days
      .toReversed()
      .map((day) => {
        all += day[name];
        const now = Math.floor(all * this.scale + 1 - draw);
        const added = now - before;
        before = now;
        return added;
      })
      .reverse();
  }

  /** As many people join and come in as a cohort of another system. */
  private async enter(
    groups: readonly { class: string; week: number; people: number }[],
    into: Map<string, Person[]>,
  ): Promise<void> {
    const { service, population } = this.given;
    const people = groups.flatMap(({ class: name, week, people: count }) =>
      Array.from({ length: count }, () => {
        const person = population.add(name, this.startsAt - (week + 0.5) * WEEK_MS);
        const known = into.get(name);
        if (known) known.push(person);
        else into.set(name, [person]);
        return person;
      }),
    );
    await service.send(
      [],
      people.map((person) => this.joins(person)),
    );
    for (let n = 0; n < people.length; n += PEOPLE_PER_EVENT) {
      const cohortId = `before-${++this.cohorts}`;
      const accounts = people.slice(n, n + PEOPLE_PER_EVENT).map(({ accountId }) => accountId);
      await service.send(
        [],
        [
          sent<typeof CohortOnboarded>('CohortOnboarded', cohortId, service.now, {
            cohortId,
            accounts,
            perWeek: this.rateForAll,
          }),
        ],
      );
    }
  }

  private joins({ accountId, class: name }: Person): SentEvent {
    return sent<typeof WaitlistJoined>('WaitlistJoined', `joined-${accountId}`, this.given.service.now, {
      ...{ accountId, email: `${accountId}@simulation.invalid` },
      class: name,
    });
  }

  private factsOf({ class: name, exposed, flagged, pending, confirmed }: Row & { class: string }): SentEvent[] {
    const decided = flagged - pending;
    const confirmedShare = decided > 0 ? confirmed / decided : 0;
    return Array.from({ length: exposed }, (_, n) => {
      if (n < confirmed) return this.imageOf(this.violators.get(name)?.pop(), 'exposed', 'flagged', 'violation');
      const maker = this.nextMaker(name);
      if (n >= flagged) return this.imageOf(maker, 'exposed');
      const isViolation = n < confirmed + pending && this.chance.happens(confirmedShare);
      return this.imageOf(maker, 'exposed', 'flagged', ...(isViolation ? (['violation'] as const) : []));
    }).flat();
  }

  private nextMaker(name: string): Person | undefined {
    const people = this.makers.get(name);
    return people?.[this.images % people.length];
  }

  /** The events of an image, all of them now. @param maker undefined for somebody who is not known */
  private imageOf(maker: Person | undefined, ...what: readonly ('exposed' | 'flagged' | 'violation')[]): SentEvent[] {
    const at = this.given.service.now;
    const imageId = `image-before-${++this.images}`;
    const accountId = maker?.accountId ?? 'somebody-before';
    const generated = { imageId, accountId, model: MODEL, faces: false, photorealistic: false };
    const events = [sent<typeof ImageGenerated>('ImageGenerated', `generated-${imageId}`, at, generated)];
    if (what.includes('exposed')) {
      const shared = { imageId, accountId, audience: 'public' as const };
      events.push(sent<typeof ImageShared>('ImageShared', `shared-${imageId}`, at, shared));
    }
    if (what.includes('flagged')) {
      const flag = { flaggedBy: 'detector-1', flaggerKind: 'detector' as const };
      const data = { imageId, accountId, categories: [CATEGORY], ...flag };
      events.push(sent<typeof ContentFlagged>('ContentFlagged', `flag-${imageId}`, at, data));
      this.given.traffic.flagged(imageId, what.includes('violation'));
    }
    return events;
  }

  /** As many as at scale, by chance one more or less. */
  private scaled(count: number): number {
    const scaled = count * this.scale;
    const whole = Math.floor(scaled);
    return whole + (scaled > whole && this.chance.happens(scaled - whole) ? 1 : 0);
  }
}

/** Which cases have to be opened beside those of exposed images, which are flagged on the day of their exposure and maybe opened later. */
class Opening {
  private due = 0;
  private opened = 0;

  /** @param left how many in all */
  constructor(private left: number) {}

  /** How many on the next day. @param due cases of that day @param flagged exposed images of that day */
  others(due: number, flagged: number): number {
    this.due += due;
    const others = Math.max(0, Math.min(this.left, this.due - this.opened - flagged));
    this.left -= others;
    this.opened += flagged + others;
    return others;
  }
}

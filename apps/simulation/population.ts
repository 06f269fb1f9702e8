import { type Chance, seededChance } from '../../libs/gate/trials/chance.js';
import type { Behaviour, Scenario } from './scenario.js';

/** Somebody who joins, and generates images once onboarded. */
export interface Person {
  /** 1 for the first who joins. */
  number: number;
  accountId: string;
  class: string;
  behaviour: Behaviour;
  /** Of each exposed image of theirs. */
  violationRate: number;
  /** Draws of their own, so that what one does depends on nobody else. */
  chance: Chance;
  images: number;
  /** When they came in, in epoch milliseconds; 0 while they wait. */
  since: number;
}

const DAYS_A_WEEK = 7;

/** Who joins, and who is in. */
export class Population {
  private readonly known = new Map<string, Person>();
  private readonly active = new Map<string, Person>();
  private due: number;
  private joined = 0;

  constructor(
    private readonly scenario: Scenario,
    private readonly seed: number,
    private readonly scale: number,
  ) {
    this.due = scenario.arrivals.atStart * scale;
  }

  /** Those who join in so many days more. */
  arrivals(days: number): Person[] {
    const joining: Person[] = [];
    for (; this.joined < Math.floor(this.due); this.joined++) joining.push(this.create());
    this.due += (this.scenario.arrivals.perWeek * this.scale * days) / DAYS_A_WEEK;
    return joining;
  }

  /** Somebody of a class who is there beside those who arrive. @param since when they came in; 0 if they wait */
  add(className: string, since: number): Person {
    return this.create(
      this.scenario.people.find((one) => one.class === className),
      since,
    );
  }

  /** @param at when, in epoch milliseconds */
  onboarded(accountId: string, at: number): void {
    const person = this.known.get(accountId);
    if (!person) return;
    person.since ||= at;
    this.active.set(accountId, person);
  }

  deactivated(accountId: string): void {
    this.active.delete(accountId);
  }

  /** In the order of their numbers, whatever the order of their onboarding. */
  get people(): Person[] {
    return [...this.active.values()].sort((one, other) => one.number - other.number);
  }

  private create(given?: Behaviour, since = 0): Person {
    const number = this.known.size + 1;
    const accountId = `person-${number}`;
    const chance = seededChance(this.seed, accountId);
    const behaviour = given ?? drawn(this.scenario.people, chance);
    const { violationRate, violatorShare = 1 } = behaviour;
    const person: Person = {
      ...{ number, accountId, class: behaviour.class, behaviour, chance, images: 0, since },
      violationRate: chance.happens(violatorShare) ? violationRate / violatorShare : 0,
    };
    this.known.set(accountId, person);
    return person;
  }
}

function drawn(people: readonly Behaviour[], chance: Chance): Behaviour {
  const whole = people.reduce((sum, { share }) => sum + share, 0);
  let left = chance.next() * whole;
  for (const one of people) {
    left -= one.share;
    if (left <= 0) return one;
  }
  // Rounding may leave a last bit.
  return people.at(-1)!;
}

import { HOLD_OUT, STAFF } from '../kernel/reserved-classes.js';
import type { PLAN_MODES } from './plan-events.js';

/** In a plan: all classes that it does not name. */
export const OTHERS = 'others';

const ALL_PER_CENT = 100;

interface PlannedClass {
  class: string;
  /** A weight, or per cent; 0 closes the class. Absent in a strict order. */
  share?: number;
}

/** How the places of cohorts are shared among the classes. Inside a class, first come first served. */
export interface ClassPlan {
  mode: (typeof PLAN_MODES)[number];
  classes: readonly PlannedClass[];
}

/** Staff, then everybody in the order of their turn, whatever their class. */
export const NO_PLAN: ClassPlan = { mode: 'order', classes: [] };

/** The people of a class of the plan, or of all classes that it does not name. */
interface Line<Person> {
  share: number;
  people: Person[];
  chosen: number;
}

/**
 * Chooses who gets the next places. In a strict order nobody of a class is chosen before the last person of the one before.
 * By weights or quotas, the classes share the places by `placesOf`. What a class has too few people for goes to the others in
 * the same proportion, and last to those whom the plan gives no share: a place stays empty only if nobody waits who may
 * come in.
 * @param waiting in the order of their turn; of each class at least as many as there are places, or all
 * @param from how many places the plan has shared before
 */
export function shareOut<Person extends { class: string }>(
  plan: ClassPlan,
  waiting: readonly Person[],
  places: number,
  from: number,
): Person[] {
  const staff = waiting.filter((one) => one.class === STAFF).slice(0, places);
  const lines = linesOf(plan, waiting);
  let left = places - staff.length;
  const give = (line: Line<Person>, most: number) => {
    const given = Math.min(most, line.people.length - line.chosen);
    line.chosen += given;
    left -= given;
  };
  const sharesLeft = () => lines.map((one) => (one.chosen < one.people.length ? one.share : 0));
  const share = (shares: readonly number[], before: number) => {
    for (const [n, most] of placesOf(shares, before, left).entries()) give(lines[n]!, most);
  };
  if (plan.mode !== 'order') {
    const planned = lines.map((one) => one.share);
    share(planned, from);
    for (let shares = sharesLeft(); left > 0 && shares.some((one) => one > 0); shares = sharesLeft()) share(shares, 0);
  }
  for (const line of lines) give(line, left);
  return [...staff, ...lines.flatMap(({ people, chosen }) => people.slice(0, chosen))];
}

/** Without closed classes. Whom the plan does not name come last. */
function linesOf<Person extends { class: string }>(
  { mode, classes }: ClassPlan,
  waiting: readonly Person[],
): Line<Person>[] {
  const named = new Set(classes.map((one) => one.class));
  const total = classes.reduce((sum, { share = 0 }) => sum + share, 0);
  const remainder = mode === 'quotas' ? ALL_PER_CENT - total : 0;
  const all = named.has(OTHERS) ? classes : [...classes, { class: OTHERS, share: remainder }];
  const isPart = (of: string, one: string) =>
    one !== STAFF && one !== HOLD_OUT && (one === of || (of === OTHERS && !named.has(one)));
  return all
    .filter((one) => !named.has(one.class) || one.share !== 0)
    .map(({ class: of, share = 0 }) => ({ share, people: waiting.filter((one) => isPart(of, one.class)), chosen: 0 }));
}

/** Classes, or all but these. */
export interface ClassChoice {
  classes: readonly string[];
  isAllBut: boolean;
}

/**
 * Whose people may be chosen from the line, now or once others are in: hold-outs and closed classes never are.
 * @param named the classes that the phase names; undefined for all
 */
export function choosable(plan: ClassPlan, named?: readonly string[]): ClassChoice {
  const { classes, isAllBut } = choosableOf(plan);
  if (named === undefined) return { classes, isAllBut };
  return { classes: named.filter((name) => classes.includes(name) !== isAllBut), isAllBut: false };
}

function choosableOf({ classes }: ClassPlan): ClassChoice {
  const isClosed = ({ share }: PlannedClass) => share === 0;
  const others = classes.find((one) => one.class === OTHERS);
  const named = classes.filter((one) => one !== others);
  const namesOf = (some: readonly PlannedClass[]) => some.map((one) => one.class);
  return others && isClosed(others)
    ? { classes: [STAFF, ...namesOf(named.filter((one) => !isClosed(one)))], isAllBut: false }
    : { classes: [HOLD_OUT, ...namesOf(named.filter(isClosed))], isAllBut: true };
}

/**
 * How many of the places `from + 1` to `from + places` each class gets. Of the first n places, for every n, a class has its
 * exact share n·w/W, rounded down or up, so that many small cohorts share as exactly as a large one.
 * @param shares whole numbers
 */
export function placesOf(shares: readonly number[], from: number, places: number): number[] {
  const before = firstPlaces(shares, from);
  return firstPlaces(shares, from + places).map((given, n) => given - before[n]!);
}

/**
 * The quota method: each place goes to the class that needs it first, of those that have less than their exact share. It has
 * no more than W steps, since then each class has its share exactly, and the sequence repeats.
 * @see Balinski and Young, The Quota Method of Apportionment, American Mathematical Monthly 82 (1975)
 */
function firstPlaces(shares: readonly number[], places: number): number[] {
  const total = shares.reduce((sum, share) => sum + share, 0);
  if (total === 0) return shares.map(() => 0);
  const given = shares.map(() => 0);
  for (let n = 1; n <= places % total; n++) {
    let next = -1;
    for (const [i, share] of shares.entries()) {
      if (given[i]! * total >= n * share) continue;
      if (next < 0 || (given[i]! + 1) * shares[next]! < (given[next]! + 1) * share) next = i;
    }
    given[next]!++;
  }
  return given.map((few, i) => few + Math.floor(places / total) * shares[i]!);
}

import type { Share } from '../../libs/safety/metrics.js';
import { scaledRate } from './simulated-staff.js';
import type { Check, Simulation } from './simulation.js';

/** A share is met if its 95% interval includes what is expected: a small run has few cases. */
export function checksOf({
  scenario,
  days,
  moves: allMoves,
  mostPerWeek,
  fullestWeek,
  scale,
}: Omit<Simulation, 'checks' | 'events'>): Check[] {
  const { expects = {} } = scenario;
  const last = days.at(-1);
  // Not the one that was in force before.
  const moves = allMoves.filter(({ day }) => day > 0);
  const checks: Check[] = [];
  const check = (what: string, expected: string, found: string, isMet: boolean) =>
    checks.push({ what, expected, found, isMet });
  const yesOrNo = (what: string, expected: boolean | undefined, found: boolean) => {
    if (expected !== undefined) check(what, expected ? 'yes' : 'no', found ? 'yes' : 'no', expected === found);
  };
  yesOrNo(
    'the gate brakes',
    expects.brakes,
    moves.some(({ outcome }) => outcome === 'brake'),
  );
  yesOrNo(
    'the gate supports a raise',
    expects.expands,
    moves.some(({ outcome }) => outcome === 'expand'),
  );
  if (expects.brakesFor !== undefined) {
    const reasons = [...new Set(moves.flatMap((move) => (move.outcome === 'brake' ? move.reasons : [])))];
    check('it brakes for', expects.brakesFor, reasons.join(', ') || 'nothing', reasons.includes(expects.brakesFor));
  }
  const braked = days.findIndex(({ inForce }) => inForce === 'brake');
  const holdsFirst = days.slice(0, braked < 0 ? undefined : braked).some(({ inForce }) => inForce === 'hold');
  yesOrNo('it holds first', expects.holdsFirst, holdsFirst);
  const shareCheck = (
    what: string,
    expected: number | undefined,
    share: Share | null | undefined,
    isAbove: boolean,
  ) => {
    if (expected === undefined) return;
    const isMet = !!share && (isAbove ? share.high >= expected : share.low <= expected);
    check(what, `${isAbove ? 'at least' : 'at most'} ${percent(expected)}`, shareText(share), isMet);
  };
  shareCheck('flagged, of exposed images', expects.flaggedShareBelow, last?.flagged, false);
  shareCheck('confirmed, of decided cases', expects.confirmedShareFrom, last?.confirmed, true);
  shareCheck('confirmed, of decided cases', expects.confirmedShareTo, last?.confirmed, false);
  if (expects.withinRate !== undefined) {
    const { people, perWeek, day } = fullestWeek;
    const isWithin = people <= perWeek;
    const found = `${people} at a rate of ${perWeek} (day ${day})`;
    const expected = expects.withinRate ? 'never more than the rate then in force' : 'more than the rate then in force';
    check('people onboarded in a week', expected, found, isWithin === expects.withinRate);
  }
  if (expects.peoplePerWeekTo !== undefined) {
    const most = scaledRate(expects.peoplePerWeekTo, scale);
    check('people onboarded in a week', `at most ${most}`, String(mostPerWeek), mostPerWeek <= most);
  }
  if (expects.peopleTo !== undefined) {
    const most = scaledRate(expects.peopleTo, scale);
    const found = last?.people ?? 0;
    check('people who came in', `at most ${most}`, String(found), found <= most);
  }
  return checks;
}

export const percent = (value: number): string => `${Number((value * 100).toPrecision(3))}%`;

export const shareText = (share: Share | null | undefined): string =>
  share ? `${percent(share.value)} (${percent(share.low)} to ${percent(share.high)})` : 'none';

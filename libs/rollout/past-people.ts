/** When the first and the last of some people were onboarded, in epoch milliseconds. */
export interface Span {
  first: number;
  last: number;
}

export interface PastPeople extends Span {
  people: number;
}

const HOUR_MS = 3_600_000;

/** Those of one hour are kept together, or the state would be as long as the rollout. */
export function withPeople(
  past: readonly PastPeople[],
  cohorts: readonly { people: number; onboarded?: Span }[],
): readonly PastPeople[] {
  const all = [...past];
  for (const { people, onboarded } of cohorts) {
    if (!onboarded || people === 0) continue;
    const latest = all.at(-1);
    if (latest && hourOf(latest.last) === hourOf(onboarded.last)) {
      const first = Math.min(latest.first, onboarded.first);
      all[all.length - 1] = { first, last: Math.max(latest.last, onboarded.last), people: latest.people + people };
    } else all.push({ ...onboarded, people });
  }
  return all;
}

const hourOf = (time: number): number => Math.floor(time / HOUR_MS);

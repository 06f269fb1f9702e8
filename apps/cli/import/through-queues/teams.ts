import type { ReviewRow } from '../data-files.js';

/** The reviewers who judged the same flags. A queue of their own gives those flags to them, with all of them as its panel. */
export interface Team {
  queue: string;
  reviewerIds: string[];
  flagIds: string[];
}

/** The teams in the order of the file. A reviewer can be in several. */
export function teamsOf(reviews: readonly ReviewRow[]): Team[] {
  const reviewersOf = new Map<string, Set<string>>();
  for (const { flagId, reviewerId } of reviews)
    reviewersOf.set(flagId, (reviewersOf.get(flagId) ?? new Set()).add(reviewerId));
  const teams = new Map<string, Team>();
  for (const [flagId, reviewers] of reviewersOf) {
    const reviewerIds = [...reviewers].sort();
    const key = reviewerIds.join(' ');
    const team = teams.get(key) ?? { queue: `import-team-${teams.size + 1}`, reviewerIds, flagIds: [] };
    team.flagIds.push(flagId);
    teams.set(key, team);
  }
  return [...teams.values()];
}

/** By reviewer and flag, the first row of the file: a reviewer has one vote on a flag. */
export function votesOf(reviews: readonly ReviewRow[]): Map<string, Map<string, ReviewRow>> {
  const votes = new Map<string, Map<string, ReviewRow>>();
  for (const row of reviews) {
    const own = votes.get(row.reviewerId) ?? new Map<string, ReviewRow>();
    if (!own.has(row.flagId)) own.set(row.flagId, row);
    votes.set(row.reviewerId, own);
  }
  return votes;
}

/** Maximum people per week that a rate may allow. */
export const MAX_PER_WEEK = 10_000_000;
/** The highest ceiling of people in total. */
export const MOST_CEILING = 1_000_000_000;
/** The phases of a rollout, from the fewest people who may come in to the most. */
export const PHASES = ['preview', 'invitations', 'weekly', 'open'] as const;
/**
 * What a phase of the rollout can restrict while it lasts: actions of everybody, and sharing photorealistic faces, whatever operators
 * have lifted.
 */
export const PHASE_RESTRICTIONS = ['generate', 'share', 'download', 'join', 'photorealistic-faces'] as const;
export type PhaseRestriction = (typeof PHASE_RESTRICTIONS)[number];

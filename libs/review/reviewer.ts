import type { DataOf } from '../events/event-definition.js';
import type { StreamKind } from '../kernel/decider.js';
import { NotFound, Refusal } from '../kernel/errors.js';
import type { Queue } from './queue-rules.js';
import {
  type AccountLinked,
  type AccountUnlinked,
  type ReviewerEvent,
  type ReviewerSkillsSet,
  reviewerEvents,
} from './reviewer-events.js';

/** What leads have recorded about a reviewer. */
export interface Reviewer {
  skills: ReadonlySet<string>;
  languages: ReadonlySet<string>;
  /** The accounts whose images they don't review. */
  accounts: ReadonlySet<string>;
  /** The accounts whose link was removed, so that a repeat of that is known; a few, as each was linked by a person. */
  unlinked: ReadonlySet<string>;
}

/**
 * The skill to see the most severe images. Only administrators grant it, so it is not among the skills that a lead records
 * here: `severeViewersStream` has it.
 */
export const SEVERE_SKILL = 'severe';

/** Maximum accounts that a reviewer is linked to. */
export const MAX_LINKS = 200;

export const reviewerStream: StreamKind<Reviewer, ReviewerEvent> = {
  category: 'reviewer',
  events: reviewerEvents,
  initial: { skills: new Set(), languages: new Set(), accounts: new Set(), unlinked: new Set() },
  evolve(state, { type, data }) {
    switch (type) {
      case 'ReviewerSkillsSet':
        return { ...state, skills: new Set(withoutSevere(data.skills)), languages: new Set(data.languages) };
      case 'AccountLinked':
        return { ...state, accounts: new Set(state.accounts).add(data.accountId) };
      case 'AccountUnlinked':
        return {
          ...state,
          accounts: new Set([...state.accounts].filter((one) => one !== data.accountId)),
          unlinked: new Set(state.unlinked).add(data.accountId),
        };
    }
  },
};

/** A no-op if the reviewer has exactly these. The skill to see the most severe images is left out. */
export function setSkills(state: Reviewer, data: DataOf<typeof ReviewerSkillsSet>): ReviewerEvent[] {
  const skills = withoutSevere(data.skills);
  if (isSame(state.skills, skills) && isSame(state.languages, data.languages)) return [];
  return [{ type: 'ReviewerSkillsSet', data: { ...data, skills } }];
}

/** With the skill that another stream has. */
export const withSevereSkill = (state: Reviewer, isSevereViewer: boolean): Reviewer =>
  isSevereViewer ? { ...state, skills: new Set(state.skills).add(SEVERE_SKILL) } : state;

const withoutSevere = (skills: readonly string[]): string[] => skills.filter((one) => one !== SEVERE_SKILL);

/** A no-op if they are linked. @throws Refusal too-many-links */
export function linkAccount({ accounts }: Reviewer, data: DataOf<typeof AccountLinked>): ReviewerEvent[] {
  if (accounts.has(data.accountId)) return [];
  if (accounts.size >= MAX_LINKS) {
    throw new Refusal(
      'too-many-links',
      `${data.reviewer} is linked to ${accounts.size} accounts, which is the most: remove a link first`,
    );
  }
  return [{ type: 'AccountLinked', data }];
}

/** A no-op if the link was removed. @throws NotFound link-unknown */
export function unlinkAccount({ accounts, unlinked }: Reviewer, data: DataOf<typeof AccountUnlinked>): ReviewerEvent[] {
  const { reviewer, accountId } = data;
  if (accounts.has(accountId)) return [{ type: 'AccountUnlinked', data }];
  if (unlinked.has(accountId)) return [];
  throw new NotFound(
    'link-unknown',
    `${reviewer} was never linked to account ${accountId}: gatehouse reviewer show ${reviewer}, or GET /v1/reviewers/${reviewer}, lists the accounts`,
  );
}

/** @throws Refusal skill-needed */
export function refuseUnskilled({ skills, languages }: Reviewer, reviewer: string, queue: Queue): void {
  const missing = [
    ...(queue.skill === undefined || skills.has(queue.skill) ? [] : [`the skill ${queue.skill}`]),
    ...(queue.language === undefined || languages.has(queue.language) ? [] : [`the language ${queue.language}`]),
  ];
  if (missing.length === 0) return;
  throw new Refusal(
    'skill-needed',
    `queue ${queue.id} needs ${missing.join(' and ')}, which ${reviewer} does not have: ${queue.skill === SEVERE_SKILL ? 'an administrator' : 'a lead'} can record it with PUT /v1/reviewers/${reviewer}/skills`,
  );
}

const isSame = (some: ReadonlySet<string>, others: readonly string[]): boolean =>
  some.size === new Set(others).size && others.every((one) => some.has(one));

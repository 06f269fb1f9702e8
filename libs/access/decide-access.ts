import type { AccountStanding, Restriction } from '../account/index.js';
import type { Conflict } from '../review/index.js';
import type { SwitchedAction } from '../switches/index.js';

export const ACCESS_ACTIONS = ['join', 'generate', 'share', 'download', 'flag', 'review'] as const;
export type AccessAction = (typeof ACCESS_ACTIONS)[number];

/** Facts for a decision beyond the account's state. */
export interface AccessFacts {
  /** Epoch milliseconds. */
  now: number;
  /** For whom an operator has suspended the action, if the account is among them. */
  suspendedFor?: 'everyone' | 'cohort';
  /** Whether the phase of the rollout denies the action to everybody. */
  isSuspendedByPhase?: boolean;
  /** Whether the account has accepted a version of the content policy that suffices now. */
  hasAcceptedPolicy?: boolean;
  /** Whether a broken event leaves unknown which versions suffice. */
  isPolicyUnreadable?: boolean;
  /** The image. `isParked`: an event of it could not be processed, so the facts may be incomplete. */
  image?: {
    photorealistic?: boolean | null;
    faces?: boolean | null;
    isParked?: boolean;
    /** A violation was confirmed, and nobody has restored the image. */
    isWithheld?: boolean;
    /** Known to be another account's. */
    isOthers?: boolean;
    /** No event and no caller reports anything of it: whose it is isn't known either. */
    isUnknown?: boolean;
  };
  /** Whether the rule about photorealistic faces is lifted for the account. */
  mayShareFaces?: boolean;
  /** Whether an image whose facts are unknown may be shared while that rule is in force, and one of which nothing is known. */
  mayShareUnknown?: boolean;
  /** For `review`: the case, and why the subject may not review it. `isParked`: a flag of it could not be processed. */
  caseInfo?: { conflict?: Conflict; isParked?: boolean };
  /** For `review`: whether the caller vouches that the subject is a reviewer; reviewers are staff and need no account. */
  isReviewer?: boolean;
}

export interface AccessDecision {
  decision: boolean;
  /** The broken rule, in kebab-case. */
  reason?: string;
  /** Of a decision that is recorded. */
  id?: string;
}

interface AccessRule {
  reason: string;
  actions: readonly AccessAction[];
  breaks(standing: AccountStanding, facts: AccessFacts): boolean;
}

/** Each is a reason of its own; a new one that is not named here does not compile. */
const CONFLICTS: Record<Conflict, true> = {
  'own-flag': true,
  'own-image': true,
  'linked-account': true,
  'own-decision': true,
};

const USES: readonly AccessAction[] = ['generate', 'share', 'download', 'flag'];

/** The reasons name the switch, an action for everyone or for the account's cohort, or the phase of the rollout. */
const switchedOff = (action: SwitchedAction): AccessRule[] => [
  {
    reason: `${action}-suspended`,
    actions: [action],
    breaks: (_, { suspendedFor }) => suspendedFor === 'everyone',
  },
  {
    reason: `${action}-suspended-for-cohort`,
    actions: [action],
    breaks: (_, { suspendedFor }) => suspendedFor === 'cohort',
  },
  {
    reason: `${action}-suspended-by-phase`,
    actions: [action],
    breaks: (_, { isSuspendedByPhase }) => isSuspendedByPhase === true,
  },
];

const restricted = (action: Restriction['action']): AccessRule => ({
  reason: `${action}-restricted`,
  actions: [action],
  breaks: ({ consequences }, { now }) =>
    consequences?.restrictions.some((one) => one.action === action && now < one.until) === true,
});

/** Whether it is known that an image doesn't look like a photograph of people with faces. */
const isDrawn = ({ photorealistic, faces }: NonNullable<AccessFacts['image']>): boolean =>
  photorealistic === false || faces === false;

/** Checked in order; the first broken rule is the reason of the deny. To add a rule, add an entry. */
const RULES: readonly AccessRule[] = [
  {
    reason: 'account-deactivated',
    actions: ACCESS_ACTIONS,
    breaks: (standing) => standing.deactivated,
  },
  {
    reason: 'account-unreadable',
    actions: ACCESS_ACTIONS,
    breaks: ({ unreadable }) => unreadable !== undefined,
  },
  {
    reason: 'account-suspended',
    actions: ACCESS_ACTIONS,
    breaks: (standing, { now }) => standing.suspendedUntil !== undefined && now < standing.suspendedUntil,
  },
  restricted('generate'),
  restricted('share'),
  {
    reason: 'already-onboarded',
    actions: ['join'],
    breaks: (standing) => standing.status === 'onboarded',
  },
  {
    reason: 'account-unknown',
    actions: USES,
    breaks: (standing) => standing.status === 'unknown',
  },
  {
    reason: 'not-onboarded',
    actions: USES,
    breaks: (standing) => standing.status !== 'onboarded',
  },
  {
    reason: 'policy-unreadable',
    actions: USES,
    breaks: (_, { isPolicyUnreadable }) => isPolicyUnreadable === true,
  },
  {
    reason: 'policy-not-accepted',
    actions: USES,
    breaks: (standing) => standing.policyVersion === undefined,
  },
  {
    reason: 'policy-outdated',
    actions: USES,
    breaks: (_, { hasAcceptedPolicy }) => hasAcceptedPolicy !== true,
  },
  // After the rules of the account, whose reasons outlast a switch; before those of the image, which has to be looked up.
  ...switchedOff('generate'),
  ...switchedOff('share'),
  ...switchedOff('download'),
  // People who join are in no cohort.
  ...switchedOff('join').filter(({ reason }) => !reason.endsWith('-for-cohort')),
  {
    reason: 'not-a-reviewer',
    actions: ['review'],
    breaks: (_, { isReviewer }) => isReviewer !== true,
  },
  {
    reason: 'image-withheld',
    actions: ['share', 'download', 'flag'],
    breaks: (_, { image }) => image?.isWithheld === true,
  },
  {
    reason: 'image-parked',
    actions: ['share', 'review'],
    breaks: (_, { image }) => image?.isParked === true,
  },
  {
    reason: 'not-image-owner',
    actions: ['share'],
    breaks: (_, { image }) => image?.isOthers === true,
  },
  {
    reason: 'face-sharing-restricted',
    actions: ['share'],
    breaks: (_, { image, mayShareFaces }) => !mayShareFaces && image?.photorealistic === true && image.faces === true,
  },
  {
    reason: 'image-facts-unknown',
    actions: ['share'],
    breaks: (_, { image, mayShareFaces, mayShareUnknown }) =>
      !mayShareUnknown && image !== undefined && (image.isUnknown || (!mayShareFaces && !isDrawn(image))),
  },
  {
    reason: 'case-parked',
    actions: ['review'],
    breaks: (_, { caseInfo }) => caseInfo?.isParked === true,
  },
  {
    reason: 'case-unknown',
    actions: ['review'],
    breaks: (_, { caseInfo }) => caseInfo === undefined,
  },
  ...Object.keys(CONFLICTS).map((conflict) => ({
    reason: conflict,
    actions: ['review' as const],
    breaks: (_: AccountStanding, { caseInfo }: AccessFacts) => caseInfo!.conflict === conflict,
  })),
];

/** The reasons of all rules. */
export const RULE_REASONS: readonly string[] = RULES.map(({ reason }) => reason);

export const IMAGE_WITHHELD = 'image-withheld';

/** The actions that nobody may do with a withheld image. */
export const CONCERN_IMAGE: readonly AccessAction[] = RULES.find(({ reason }) => reason === IMAGE_WITHHELD)!.actions;

const ALLOWED: AccessDecision = Object.freeze({ decision: true });

const RULES_OF = Object.fromEntries(
  ACCESS_ACTIONS.map((action) => [
    action,
    RULES.filter((rule) => rule.actions.includes(action)).map(({ reason, breaks }) => ({
      breaks,
      denied: Object.freeze({ decision: false, reason }),
    })),
  ]),
) as Record<AccessAction, { breaks: AccessRule['breaks']; denied: AccessDecision }[]>;

/** May this account do this now? Pure, so a suspension ends by the clock even while every worker is down. */
export function decideAccess(standing: AccountStanding, action: AccessAction, facts: AccessFacts): AccessDecision {
  for (const rule of RULES_OF[action]) if (rule.breaks(standing, facts)) return rule.denied;
  return ALLOWED;
}

/** What each rule of an action says; `broken` rules deny, and the first of them is the reason. */
export function explainAccess(
  standing: AccountStanding,
  action: AccessAction,
  facts: AccessFacts,
): { rule: string; broken: boolean }[] {
  return RULES_OF[action].map(({ breaks, denied }) => ({
    rule: denied.reason!,
    // Those after a missing case ask for what is not there.
    broken: denied.reason! in CONFLICTS && !facts.caseInfo ? false : breaks(standing, facts),
  }));
}

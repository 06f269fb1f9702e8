import type { Position } from '../kernel/envelope.js';
import type { CaseEvent, VERDICTS } from './events.js';
import type { GoldenAnswer, UNFLAGGED_ORIGINS } from './golden-events.js';
import type { GrowingSet } from './growing-set.js';
import type { SampleLikeness } from './sampling-events.js';

/* What is known of a case by its events. */

export type Verdict = (typeof VERDICTS)[number];

/** Why a round was opened. Reviewers may not know; to them every round looks like one that a flag opened. */
export type Origin = 'flags' | (typeof UNFLAGGED_ORIGINS)[number];

/** An image under human review. Flags, flaggers, categories, claim and verdicts are those of the current round. */
export interface Case {
  status: 'none' | 'open' | Closed;
  imageId: string;
  /** The account that generated the image, as last reported in the case; the image's own record takes precedence. */
  accountId?: string;
  round: number;
  origin: Origin;
  /** The right answer, if it is a golden one. */
  golden?: GoldenAnswer;
  /** Of a case of the random sample: which of its categories no flag has named, what else it shows, and its queue. */
  sample?: SampleLikeness;
  /** Of a decided golden case: whether its image is shown as withheld. */
  isShownWithheld?: boolean;
  /** When the round began, in epoch milliseconds. */
  openedAt: number;
  /** Absent for a case that was opened before there were queues. */
  route?: Route;
  /** The number of distinct reviewers whose verdicts decide. */
  panelSize: number;
  /** Whether an outside review tool gave the panel: then every verdict of it counts, also `unsure`. */
  isPanelGiven: boolean;
  /** The number of verdicts that decide the round if that is more than the panel, hidden from reviewers before their own; else 0. */
  verdictsNeeded: number;
  /** The number of flags that opened or joined the case. */
  flags: number;
  /** The position of the last of them, or of the beginning of the round. */
  grewAt: Position;
  flaggers: GrowingSet;
  /** The kinds of the flaggers, of those that say so. */
  sources: GrowingSet;
  categories: GrowingSet;
  /** Who flagged the image in any round. */
  everFlagged: GrowingSet;
  /** What the flags of every round were about: see `subjectsOf`. */
  flagged: GrowingSet;
  /** The highest confidence of the flags of every round; 0 if none had one. */
  confidence: number;
  /** The highest confidence that a round of the random sample showed, which is remembered as that of flags is; 0 for none. */
  shownConfidence: number;
  /** The number of claims in every round, which is the fencing token of the last one. */
  claims: number;
  claim?: Claim;
  /** Held by this reviewer, or handed over to them: nobody else may claim it until then, in epoch milliseconds. */
  reserved?: { reviewer: string; until: number };
  /** Only leads may claim it. */
  isEscalated: boolean;
  verdicts: readonly GivenVerdict[];
  /** The clause that the confirmation in force names. */
  clause?: string;
  /** The confirmation whose consequences are in force: of a confirmed case, and of one that a lead reopened since. */
  inForce?: InForce;
  /** What a bulk job did to it last, if nobody has done anything else since. */
  bulk?: BulkEffect;
  /** The position of the last decision that is no confirmation: flags stored before it were judged with it. */
  closedAt: Position;
}

/** The place of a case among those that wait. */
export interface Route {
  queue: string;
  priority: number;
  /** Its place in the queue, in epoch milliseconds: the earliest is the next. */
  dueAt: number;
  /** The version of the queue rules that routed it. */
  rulesVersion: number;
  /** Somebody moved it there: the rules leave it in that queue for the round. */
  isMoved: boolean;
}

export interface BulkEffect {
  jobId: string;
  /** Of a case that it moved: where it was, whether it was escalated, and its panel. */
  route?: Route;
  isEscalated: boolean;
  panelSize: number;
}

export interface InForce {
  /** The round that was confirmed, and the last one that confirmed it again. */
  since: number;
  round: number;
  /** The position of the event that confirmed it last. */
  at: Position;
  accountId?: string;
  /** Who decided in these rounds, of any system: nobody decides on their own decision. */
  deciders: GrowingSet;
}

/** `overturned`: it was confirmed, and an appeal was granted. */
export type Closed = 'confirmed' | 'dismissed' | 'model-problem' | 'overturned';

/** `until` in epoch milliseconds; no event marks the end of the lease. A verdict and a release end the claim. */
export interface Claim {
  reviewer: string;
  until: number;
  token: number;
}

export interface GivenVerdict {
  reviewer: string;
  /** The system of a reviewer who is not ours. */
  source?: string;
  verdict: Verdict;
  clause?: string;
  /** Of a `model-problem`: whether the image is to be withheld. */
  withhold?: true;
  /** Until when it can be taken back, in epoch milliseconds; absent if it can't. */
  finalAt?: number;
}

/** The data of an event of a case. */
export type DataOf<Type extends CaseEvent['type']> = Extract<CaseEvent, { type: Type }>['data'];

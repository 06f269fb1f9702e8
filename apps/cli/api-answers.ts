/** What the routes answer, as far as this client reads it. Positions are digits, times RFC 3339. */

export type { AccountAnswer } from '../../libs/account/index.js';
export type { TokenAnswer } from '../../libs/http/tokens.controller.js';
export type { WriteReceipt as Written } from '../../libs/http/write-receipt.js';
export type { EventResultAnswer as EventResult } from '../../libs/ingest/event-result.js';
export type { QuarantineEntry } from '../../libs/ingest/quarantine-entry.js';
export type { StatusAnswer, ViewJob, ViewsAnswer } from '../../libs/operations/index.js';
export type { PolicyAnswer } from '../../libs/policy/index.js';
export type { AdmittedAnswer as CohortAdmitted, RolloutAnswer } from '../../libs/rollout/index.js';
export type { Kappa, ReviewFigures, SafetyAnswer, SafetyFigures, Share, Times } from '../../libs/safety/index.js';
export type { WaitlistEntry } from '../../libs/waitlist/index.js';

/** An event of the feed or of the log. */
export interface ShownEvent {
  id: string;
  type: string;
  position: string;
  time?: string;
  subject?: string;
  data: Record<string, unknown>;
  /** Of the log only. */
  stream?: string;
  revision?: number;
  metadata?: { time: string; subject: string; actor: { kind: string; id: string } };
}

export interface EventsAnswer {
  events: ShownEvent[];
  next: string;
  atHead: boolean;
}

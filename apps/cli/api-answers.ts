/** What the routes answer, as far as this client reads it. Positions are digits, times RFC 3339. */

export type { AccountAnswer } from '../../libs/account/index.js';
export type { Kappa, ReviewFigures, SafetyAnswer, SafetyFigures, Share, Times } from '../../libs/safety/index.js';
export type { WaitlistEntry } from '../../libs/waitlist/index.js';

export interface Written {
  position: string;
}

export interface Consumer {
  name: string;
  position: string;
  behind: number;
  parked: number;
}

export interface StatusAnswer {
  version: string;
  uptimeSeconds: number;
  head: string;
  consumers: Consumer[];
  access: { position: string; ageMs: number };
  /** Entries that wait, by reason. */
  quarantine: Record<string, number>;
  memoryBytes: number;
}

export interface TokenAnswer {
  id: string;
  name: string;
  roles: string[];
  createdAt: string;
  createdBy: string;
  revokedAt: string | null;
}

export interface PolicyAnswer {
  current: PolicyVersion | null;
  versions: PolicyVersion[];
}

export interface PolicyVersion {
  version: string;
  url: string | null;
  digest: string | null;
  publishedAt: string;
  position: string;
}

export interface EventResult {
  id: string | null;
  source: string | null;
  outcome: 'accepted' | 'duplicate' | 'quarantined';
  position?: string;
  reason?: string;
  field?: string;
  detail?: string;
  quarantineId?: string;
}

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

interface ViewAnswer {
  name: string;
  version: number;
  summary: string;
  live: boolean;
  position: string;
  rows: number;
  parked: ParkedKey[];
}

export interface ViewsAnswer {
  items: ViewAnswer[];
  reactions: { name: string; position: string; parked: ParkedKey[] }[];
}

export interface ParkedKey {
  key: string;
  position: string;
  eventType: string;
  error: string;
}

export interface ViewJobAnswer {
  id: string;
  kind: 'verify' | 'rebuild';
  views: string[];
  status: 'running' | 'done' | 'failed';
  position: string;
  of: string;
  comparisons?: {
    view: string;
    position: string;
    equal?: boolean;
    tables: { table: string; live: { rows: number }; replayed: { rows: number }; equal: boolean }[];
  }[];
  error?: string;
}

export interface QuarantineEntry {
  id: string;
  channel: string;
  actor: string;
  eventId: string | null;
  source: string | null;
  type: string | null;
  reason: string;
  field: string;
  detail: string;
  bytes: number;
  seen: number;
  status: 'waiting' | 'replayed';
  firstSeenAt: string;
  lastSeenAt: string;
}

export interface RolloutAnswer {
  perWeek: number | null;
  daily: boolean;
  paused: boolean;
  pauseReason: string | null;
  available: number;
  moreAt: string | null;
  admissions: { cohortId: string; size: number; at: string }[];
  waiting: number;
}

export interface CohortAdmitted extends Written {
  cohortId: string;
  size: number;
  selection: 'first-come' | 'listed';
}

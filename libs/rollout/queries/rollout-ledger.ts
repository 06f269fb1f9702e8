import type { EventPlace, StreamKind } from '../../kernel/decider.js';
import { type Change, changeFields } from '../change-rollout.js';
import type { RolloutEvent } from '../events.js';
import type { Phase } from '../phase.js';
import type { Ramp } from '../ramp.js';
import { type Rollout, rolloutStream } from '../rollout.js';

/** What an admission depends on that people set. */
export interface SetState {
  perWeek: number | null;
  daily: boolean;
  paused: boolean;
  phase: Phase;
  /** The plan by which the rate rises; null for none. */
  ramp: Ramp | null;
}

export const ENTRY_STATES = [
  ...['in-force', 'replaced', 'planned', 'took-effect', 'cancelled', 'lapsed'],
  ...['proposed', 'approved', 'withdrawn', 'refused', 'expired', 'recorded'],
] as const;
export type EntryState =
  | ('in-force' | 'replaced' | 'planned' | 'took-effect' | 'cancelled' | 'lapsed')
  | ('proposed' | 'approved' | 'withdrawn' | 'refused' | 'expired' | 'recorded');

type ChangeEvent = Extract<RolloutEvent, { type: (typeof LEDGER_TYPES)[number] }>;

export const LEDGER_TYPES = [
  'OnboardingRateSet',
  'OnboardingPaused',
  'OnboardingResumed',
  'RolloutPhaseSet',
  'RolloutChangePlanned',
  'RolloutChangeProposed',
  'ApprovalGiven',
  'RolloutChangeEnded',
  'RampPlanSet',
  'RampStepConfirmed',
  'RampConfirmationWithdrawn',
  'RampPlanEnded',
  'InvitationsWithdrawn',
] as const;

/** A change of the rollout, or a step towards one. */
export interface LedgerEntry extends Omit<EventPlace, 'source'> {
  event: ChangeEvent;
  /** What it asks for or changed; that of the planned or proposed change for what is about one. */
  change?: Change;
  before: SetState;
  after: SetState;
}

interface Ledger {
  rollout: Rollout;
  /** Oldest first. */
  entries: readonly LedgerEntry[];
}

/** Changes are made by people and by steps of a ramp: that many are decades of them. */
const ENTRIES_KEPT = 10_000;

/** Every change of the rollout. It is folded on from one request to the next, since the stream has every cohort too. */
export const rolloutLedger: StreamKind<Ledger, RolloutEvent> = {
  category: rolloutStream.category,
  events: rolloutStream.events,
  initial: { rollout: rolloutStream.initial, entries: [] },
  evolve({ rollout, entries }, event, place) {
    const after = rolloutStream.evolve(rollout, event, place);
    if (!isChange(event)) return { rollout: after, entries };
    const { source: _, ...where } = place;
    const change = changeOf(event, entries);
    const before = replacedBy(event, entries.at(-1)) ?? setStateOf(rollout);
    const entry = { ...where, event, ...(change && { change }), before, after: setStateOf(after) };
    return { rollout: after, entries: [...entries, entry].slice(-ENTRIES_KEPT) };
  },
};

/** What there was before a plan is the one that it replaced, which an event just before it ended. */
const replacedBy = ({ type }: ChangeEvent, last: LedgerEntry | undefined): SetState | undefined =>
  type === 'RampPlanSet' && last?.event.type === 'RampPlanEnded' && last.event.data.how === 'replaced'
    ? last.before
    : undefined;

const isChange = (event: RolloutEvent): event is ChangeEvent =>
  (LEDGER_TYPES as readonly string[]).includes(event.type);

const setStateOf = ({ perWeek, daily, paused, phase, ramp }: Rollout): SetState => ({
  ...{ perWeek: perWeek ?? null, daily, paused, phase, ramp: ramp ?? null },
});

function changeOf({ type, data }: ChangeEvent, earlier: readonly LedgerEntry[]): Change | undefined {
  switch (type) {
    case 'OnboardingRateSet':
      return { does: 'set-rate', perWeek: data.perWeek, daily: data.daily };
    case 'OnboardingPaused':
      return { does: 'pause' };
    case 'OnboardingResumed':
      return { does: 'resume' };
    case 'RolloutPhaseSet':
      return changeFields({ ...data, does: 'set-phase' });
    case 'RolloutChangePlanned':
    case 'RolloutChangeProposed':
      return changeFields(data);
    case 'ApprovalGiven':
    case 'RolloutChangeEnded':
      return earlier.findLast(({ event }) => changeIdOf(event) === data.changeId)?.change;
    case 'RampPlanSet':
    case 'RampStepConfirmed':
    case 'RampConfirmationWithdrawn':
    case 'RampPlanEnded':
    case 'InvitationsWithdrawn':
      return undefined;
  }
}

const changeIdOf = ({ data }: ChangeEvent): string | undefined => ('changeId' in data ? data.changeId : undefined);

/** What of the rollout an event sets. */
const SETS: Partial<Record<ChangeEvent['type'], 'rate' | 'pause' | 'phase'>> = {
  OnboardingRateSet: 'rate',
  OnboardingPaused: 'pause',
  OnboardingResumed: 'pause',
  RolloutPhaseSet: 'phase',
};

/** What has become of each entry. @param now epoch milliseconds */
export function entryStates(entries: readonly LedgerEntry[], now: number): EntryState[] {
  const inForce = new Map(
    entries.flatMap((entry) => {
      const what = SETS[entry.event.type];
      return what === undefined ? [] : [[what, entry] as const];
    }),
  );
  // Of each change the last entry says what has become of the earlier ones.
  const last = new Map<string, LedgerEntry>();
  for (const entry of entries) {
    const id = changeIdOf(entry.event);
    if (id !== undefined) last.set(id, entry);
  }
  const ends = new Map(
    entries.flatMap(({ event: { type, data } }) =>
      type === 'RampPlanEnded' ? [[data.planId, data.how] as const] : [],
    ),
  );
  return entries.map((entry) => {
    const { event } = entry;
    const what = SETS[event.type];
    if (what !== undefined) return inForce.get(what) === entry ? 'in-force' : 'replaced';
    if (event.type === 'RolloutChangePlanned') return endOf(last.get(event.data.changeId)!, 'planned');
    if (event.type === 'InvitationsWithdrawn') return 'took-effect';
    if (event.type === 'RampPlanSet') return PLAN_STATES[ends.get(event.data.planId) ?? 'none'];
    if (event.type !== 'RolloutChangeProposed') return 'recorded';
    const latest = last.get(event.data.changeId)!;
    if (latest !== entry) return endOf(latest, 'approved');
    return Date.parse(event.data.expiresAt) > now ? 'proposed' : 'expired';
  });
}

const PLAN_STATES = { none: 'in-force', ended: 'cancelled', replaced: 'replaced', 'rate-changed': 'replaced' } as const;

/** What the last entry of a change says of those before it. */
function endOf({ event }: LedgerEntry, otherwise: 'planned' | 'approved'): EntryState {
  if (event.type === 'RolloutChangeEnded') return event.data.how;
  const isInEffect = event.type.startsWith('Onboarding') || event.type === 'RolloutPhaseSet';
  return otherwise === 'planned' && isInEffect ? 'took-effect' : otherwise;
}

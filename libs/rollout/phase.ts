import { countWords } from '../gate/gate-words.js';
import { Refusal } from '../kernel/errors.js';
import { PHASES } from './change-events.js';
import type { RolloutEvent } from './events.js';

export type PhaseName = (typeof PHASES)[number];

/** What two persons set: by which ways people come in, and how many in total. */
export interface Phase {
  phase: PhaseName;
  /** The most people in total; undefined for no ceiling. */
  ceiling?: number;
}

/** Of an installation where nobody has set another: cohorts, the schedule and invitations, as before there were phases. */
export const FIRST_PHASE: Phase = { phase: 'weekly' };

/** By which ways people may come in. */
export const ENTRIES = ['listed', 'invitation', 'line', 'schedule', 'joining'] as const;
export type Entry = (typeof ENTRIES)[number];

/** In open access the schedule admits nobody, since nobody who may come in is left to wait for it. */
export const PHASE_ENTRIES: Record<PhaseName, readonly Entry[]> = {
  preview: ['listed'],
  invitations: ['listed', 'invitation'],
  weekly: ['listed', 'invitation', 'line', 'schedule'],
  open: ['listed', 'invitation', 'line', 'joining'],
};

const ENTRY_WORDS: Record<Entry, string> = {
  listed: 'listed cohorts',
  invitation: 'invitations',
  line: 'cohorts from the line',
  schedule: 'the schedule',
  joining: 'admission at joining',
};

export const entryWords = (phase: PhaseName): string =>
  PHASE_ENTRIES[phase].map((entry) => ENTRY_WORDS[entry]).join(', ');

export const allowsEntry = ({ phase }: { phase: Phase }, entry: Entry): boolean =>
  PHASE_ENTRIES[phase.phase].includes(entry);

/** @throws Refusal phase-refuses (details: phase) */
export function refuseEntry({ phase: { phase } }: { phase: Phase }, entry: Entry): void {
  if (PHASE_ENTRIES[phase].includes(entry)) return;
  throw new Refusal(
    'phase-refuses',
    `the phase ${phase} allows no ${ENTRY_WORDS[entry]}, only ${entryWords(phase)}; use one of these, or propose another phase (gatehouse rollout propose-phase)`,
    { phase },
  );
}

const rankOf = ({ phase }: Phase): number => PHASES.indexOf(phase);
const mostOf = ({ ceiling = Number.POSITIVE_INFINITY }: Phase): number => ceiling;

/** The phase that allows less, with the lower ceiling. */
export function narrowerPhase(one: Phase, other: Phase): Phase {
  const { phase } = rankOf(one) <= rankOf(other) ? one : other;
  const ceiling = Math.min(mostOf(one), mostOf(other));
  return { phase, ...(Number.isFinite(ceiling) && { ceiling }) };
}

export const phaseText = ({ phase, ceiling }: Phase): string =>
  `${phase} with ${ceiling === undefined ? 'no ceiling' : `at most ${countWords(ceiling)} people in total`}`;

type SetData = Extract<RolloutEvent, { type: 'RolloutPhaseSet' }>['data'];

export function setPhase(
  { phase: { phase: before, ceiling: ceilingBefore } }: { phase: Phase },
  { phase, ceiling }: Phase,
  about: Omit<SetData, 'phase' | 'ceiling' | 'before' | 'ceilingBefore'>,
): RolloutEvent[] {
  if (phase === before && ceiling === ceilingBefore) return [];
  const most = ceiling === undefined ? {} : { ceiling };
  const mostBefore = ceilingBefore === undefined ? {} : { ceilingBefore };
  return [{ type: 'RolloutPhaseSet', data: { phase, ...most, before, ...mostBefore, ...about } }];
}

/** @throws Refusal approval-needed */
export function refuseOnePerson({ by, approvedBy }: { by?: string; approvedBy?: string }): void {
  if (approvedBy !== undefined && approvedBy !== by) return;
  throw new Refusal(
    'approval-needed',
    'a phase needs the approval of another person; propose it (gatehouse rollout propose-phase, or rollout revert with --propose)',
  );
}

/** A change, with the phase and the ceiling that there were when it was asked for. */
interface PhaseChange extends Partial<Phase> {
  phaseBefore?: PhaseName;
  ceilingBefore?: number;
}

/** Whether a change would allow again what was forbidden since somebody decided it: that is another change than theirs. */
export function isOtherPhase({ phase: present }: { phase: Phase }, change: PhaseChange): boolean {
  const { phase, ceiling, phaseBefore, ceilingBefore } = change;
  if (phase === undefined || phaseBefore === undefined) return false;
  const wanted = { phase, ...(ceiling !== undefined && { ceiling }) };
  const before = { phase: phaseBefore, ...(ceilingBefore !== undefined && { ceiling: ceilingBefore }) };
  return [rankOf, mostOf].some((of) => of(wanted) > of(present) && of(present) < of(before));
}

import { listWords } from '../gate/gate-words.js';
import { counted } from '../kernel/counted.js';
import type { Position } from '../kernel/envelope.js';
import { Refusal } from '../kernel/errors.js';
import { PHASES } from './change-events.js';
import type { RolloutEvent } from './events.js';

export type PhaseName = (typeof PHASES)[number];

type SetData = Extract<RolloutEvent, { type: 'RolloutPhaseSet' }>['data'];
type Restriction = NonNullable<SetData['restrictions']>[number];

/** What two persons set: by which ways people come in, who and how many in total, and what is denied to everybody meanwhile. */
export interface Phase {
  phase: PhaseName;
  /** The most people in total; undefined for no ceiling. */
  ceiling?: number;
  /** The classes of the waitlist whose people may come in, by whichever way; undefined for all. */
  classes?: string[];
  /** Undefined for none. */
  restrictions?: Restriction[];
}

/** What is said of a phase: each of it may be absent. */
export type PhaseTerms = { [Name in keyof Phase]?: Phase[Name] | undefined };

/** The phase of an event or a request, without what it leaves open. */
export const phaseIn = ({ phase = FIRST_PHASE.phase, ceiling, classes, restrictions }: PhaseTerms): Phase => ({
  phase,
  ...(ceiling !== undefined && { ceiling }),
  ...(classes !== undefined && { classes }),
  ...(restrictions !== undefined && restrictions.length > 0 && { restrictions }),
});

/** Of a broken event: any other type leaves the phase as it is. */
export const maySetPhase = (type: string): boolean => type === 'RolloutPhaseSet' || type === 'RolloutChangePlanned';

interface InPhase {
  phase: Phase;
  /** The position of a broken event, which may have set the phase. */
  phaseUnreadable?: Position;
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

/** Of two phases of which one is due, which name no class in common. */
const isForNobody = ({ classes }: Phase): boolean => classes?.length === 0;

export const allowsEntry = ({ phase, phaseUnreadable }: InPhase, entry: Entry): boolean =>
  phaseUnreadable === undefined && !isForNobody(phase) && PHASE_ENTRIES[phase.phase].includes(entry);

/** @throws Refusal phase-refuses (details: phase) */
export function refuseEntry({ phase: set, phaseUnreadable }: InPhase, entry: Entry): void {
  const { phase } = set;
  if (phaseUnreadable !== undefined) {
    throw new Refusal(
      'phase-refuses',
      `the event at position ${phaseUnreadable}, which may have set the phase, can't be read; check what it was to change, then propose the phase that is to hold (gatehouse rollout propose-phase)`,
      { phase },
    );
  }
  if (isForNobody(set)) {
    throw new Refusal(
      'phase-refuses',
      `a phase that is due names other classes than the phase ${phase}: nobody comes in until it has taken effect; retry in a moment`,
      { phase },
    );
  }
  if (PHASE_ENTRIES[phase].includes(entry)) return;
  throw new Refusal(
    'phase-refuses',
    `the phase ${phase} allows no ${ENTRY_WORDS[entry]}, only ${entryWords(phase)}; use one of these, or propose another phase (gatehouse rollout propose-phase)`,
    { phase },
  );
}

/** Whether the phase lets people of the class come in. */
export const allowsClass = ({ classes }: { classes?: readonly string[] }, name: string | undefined): boolean =>
  classes === undefined || (name !== undefined && classes.includes(name));

/** By account, the class in which it waits. */
export type ClassesOf = ReadonlyMap<string, string | undefined>;

const NAMED = 10;

/** @throws Refusal phase-refuses (details: phase, accounts) */
export function refuseOtherClasses({ phase }: InPhase, accounts: readonly string[], classOf: ClassesOf): void {
  const others = accounts.filter((account) => !allowsClass(phase, classOf.get(account)));
  if (others.length === 0) return;
  const named = others.slice(0, NAMED);
  const listed = named.map((account) => `${account} (${classOf.get(account) ?? 'no class'})`).join(', ');
  throw new Refusal(
    'phase-refuses',
    `the phase ${phase.phase} is only for ${listWords(phase.classes ?? [])}, and ${others.length} of ${counted(accounts.length, 'account')} ${others.length === 1 ? 'is' : 'are'} in other classes: ${listed}${others.length > NAMED ? ', …' : ''}; leave them out, set their class (gatehouse waitlist class), or propose another phase (gatehouse rollout propose-phase)`,
    { phase: phase.phase, accounts: named },
  );
}

const rankOf = ({ phase }: Phase): number => PHASES.indexOf(phase);
const mostOf = ({ ceiling = Number.POSITIVE_INFINITY }: Phase): number => ceiling;

/** What both allow: the phase that allows less, the lower ceiling, the classes that both name, and what either restricts. */
export function narrowerPhase(one: Phase, other: Phase): Phase {
  const { phase } = rankOf(one) <= rankOf(other) ? one : other;
  const ceiling = Math.min(mostOf(one), mostOf(other));
  return phaseIn({
    phase,
    ceiling: Number.isFinite(ceiling) ? ceiling : undefined,
    classes: one.classes?.filter((name) => allowsClass(other, name)) ?? other.classes,
    restrictions: [...new Set([...(one.restrictions ?? []), ...(other.restrictions ?? [])])],
  });
}

const isSameSet = (some: readonly string[] = [], others: readonly string[] = []): boolean =>
  some.length === others.length && some.every((name) => others.includes(name));

const haveSameClasses = (one: Phase, other: Phase): boolean =>
  (one.classes === undefined) === (other.classes === undefined) && isSameSet(one.classes, other.classes);

export const isSamePhase = (one: Phase, other: Phase): boolean =>
  one.phase === other.phase &&
  one.ceiling === other.ceiling &&
  haveSameClasses(one, other) &&
  isSameSet(one.restrictions, other.restrictions);

/** Whether other people come in than before, or by other ways, or may do something else: earlier evidence says nothing about them. */
export const needsOtherEvidence = (one: Phase, other: Phase): boolean =>
  one.phase !== other.phase || !haveSameClasses(one, other) || !isSameSet(usesOf(one), usesOf(other));

/** Joining the line is no use of the product. */
const usesOf = ({ restrictions = [] }: Phase): Restriction[] => restrictions.filter((one) => one !== 'join');

/** With which phase a change is compared that somebody asks for. */
export const phaseBasis = ({ phase, ceiling, classes, restrictions }: Phase) => ({
  ...(ceiling !== undefined && { ceilingBefore: ceiling }),
  ...(classes !== undefined && { classesBefore: classes }),
  ...(restrictions !== undefined && { restrictionsBefore: restrictions }),
  phaseBefore: phase,
});

/** With which one it was compared. */
export const phaseBefore = ({ phaseBefore: phase, ceilingBefore, classesBefore, restrictionsBefore }: PhaseBefore) =>
  phaseIn({ phase, ceiling: ceilingBefore, classes: classesBefore, restrictions: restrictionsBefore });

type PhaseBefore = Partial<ReturnType<typeof phaseBasis>>;

/** A no-op for the phase that there is, unless it is not known what that is. */
export function setPhase(
  { phase: former, phaseUnreadable }: InPhase,
  wanted: Phase,
  about: Pick<SetData, 'reason' | 'changeId' | 'by' | 'approvedBy' | 'reverts'>,
): RolloutEvent[] {
  if (phaseUnreadable === undefined && isSamePhase(wanted, former)) return [];
  const { phaseBefore: before, ...termsBefore } = phaseBasis(former);
  return [{ type: 'RolloutPhaseSet', data: { ...phaseIn(wanted), before, ...termsBefore, ...about } }];
}

/** @throws Refusal approval-needed */
export function refuseOnePerson({ by, approvedBy }: { by?: string; approvedBy?: string }): void {
  if (approvedBy !== undefined && approvedBy !== by) return;
  throw new Refusal(
    'approval-needed',
    'a phase needs the approval of another person; propose it (gatehouse rollout propose-phase, or rollout revert with --propose)',
  );
}

/** Whether a phase was decided before an event that can't be read, which may have forbidden what it allows. */
export const isBeforeUnreadable = (
  { phaseUnreadable = 0 }: InPhase,
  { phase, position }: PhaseTerms & { position: Position },
): boolean => phase !== undefined && position < phaseUnreadable;

/** Whether a change would allow again what was forbidden since somebody decided it: that is another change than theirs. */
export function isOtherPhase({ phase: present }: InPhase, change: PhaseTerms & PhaseBefore): boolean {
  if (change.phase === undefined || change.phaseBefore === undefined) return false;
  const wanted = phaseIn(change);
  const before = phaseBefore(change);
  if ([rankOf, mostOf].some((of) => of(wanted) > of(present) && of(present) < of(before))) return true;
  const all = [wanted, present, before].flatMap(({ classes = [] }) => classes);
  // The empty name is for all classes that none of them names.
  const isRegained = (name: string) =>
    allowsClass(wanted, name) && !allowsClass(present, name) && allowsClass(before, name);
  const restricts = ({ restrictions = [] }: Phase, one: Restriction) => restrictions.includes(one);
  const isFreed = (one: Restriction) => !restricts(wanted, one) && !restricts(before, one);
  return [...all, ''].some(isRegained) || (present.restrictions ?? []).some(isFreed);
}

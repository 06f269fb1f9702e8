import type { FlagSources } from '../flag-sources.js';
import { grown, IdNumbers } from './id-numbers.js';

export const RESTRICTIONS = [
  'account-terminated',
  'account-suspended',
  'service-restricted',
  'image-disabled',
] as const;
export type Restriction = (typeof RESTRICTIONS)[number];

export interface KnownCase {
  flags: FlagSources;
  /** Undefined if the decision names none. */
  clause: string | undefined;
  /** Whether a trusted flagger is among the users who had flagged the image. */
  isTrusted: boolean;
  /** Whether it is known that a person took part in the decision. */
  isHuman: boolean;
}

/** A flag of a user that no decision has answered. */
export interface OpenFlag {
  /** In epoch milliseconds. */
  at: number;
  /** Whose notices it is counted among, from 0 to 255. */
  kind: number;
}

const USERS = 1;
const DETECTORS = 2;
const TRUSTED = 4;
/** A case that nobody knows of was decided by people. */
const NOT_HUMAN = 8;
/** One more than the place among the restrictions; 0 for none. */
const RESTRICTION_SHIFT = 4;
const RESTRICTION_MASK = 7;
/** The number of the clause. */
const CLAUSE_SHIFT = 7;
const BELOW_CLAUSE = (1 << CLAUSE_SHIFT) - 1;
const BELOW_RESTRICTION = (1 << RESTRICTION_SHIFT) - 1;
const FIRST_CAPACITY = 1_024;

/**
 * What the transparency report keeps of each image that was flagged or reviewed, and of each measure, in three numbers, since a
 * later decision may be about any of them. A case has the id of its image.
 */
export class KnownImages {
  private readonly ids = new IdNumbers();
  private states = new Uint32Array(FIRST_CAPACITY);
  /** A bit for each set of notices that the image was counted in. */
  private noticed = new Uint32Array(FIRST_CAPACITY);
  /** One more than the place of the newest open flag; 0 for none. */
  private newest = new Uint32Array(FIRST_CAPACITY);
  private readonly open = new OpenFlags();
  private readonly clauses: (string | undefined)[] = [undefined];
  private readonly clauseNumbers = new Map<string | undefined, number>([[undefined, 0]]);

  caseOf(caseId: string): KnownCase {
    const state = this.states[this.placeOf(caseId)]!;
    return {
      flags: { users: (state & USERS) !== 0, detectors: (state & DETECTORS) !== 0 },
      clause: this.clauses[state >>> CLAUSE_SHIFT],
      isTrusted: (state & TRUSTED) !== 0,
      isHuman: (state & NOT_HUMAN) === 0,
    };
  }

  change(caseId: string, changed: (before: KnownCase) => Partial<KnownCase>): void {
    const before = this.caseOf(caseId);
    const { flags, clause, isTrusted, isHuman } = { ...before, ...changed(before) };
    const place = this.placeOf(caseId);
    const ordered = this.states[place]! & (RESTRICTION_MASK << RESTRICTION_SHIFT);
    const bits =
      (flags.users ? USERS : 0) |
      (flags.detectors ? DETECTORS : 0) |
      (isTrusted ? TRUSTED : 0) |
      (isHuman ? 0 : NOT_HUMAN);
    this.states[place] = (this.numberOf(clause) << CLAUSE_SHIFT) | ordered | bits;
  }

  /** What was ordered last. @param id that of the case, or of a measure without one */
  restrictionOf(id: string): Restriction | undefined {
    return RESTRICTIONS[((this.states[this.placeOf(id)]! >>> RESTRICTION_SHIFT) & RESTRICTION_MASK) - 1];
  }

  order(id: string, restriction: Restriction): void {
    const place = this.placeOf(id);
    const ordered = (RESTRICTIONS.indexOf(restriction) + 1) << RESTRICTION_SHIFT;
    this.states[place] = (this.states[place]! & (BELOW_RESTRICTION | ~BELOW_CLAUSE)) | ordered;
  }

  /** @param set from 0 to 31; @returns whether the image was not in that set of notices before */
  notice(imageId: string, set: number): boolean {
    const place = this.placeOf(imageId);
    const before = this.noticed[place]!;
    this.noticed[place] = before | (1 << set);
    return ((before >>> set) & 1) === 0;
  }

  flag(imageId: string, flag: OpenFlag): void {
    const place = this.placeOf(imageId);
    this.newest[place] = this.open.add(flag, this.newest[place]!);
  }

  /** @returns the open flags of an image, which then has none */
  answer(imageId: string): OpenFlag[] {
    const place = this.placeOf(imageId);
    const answered = this.open.take(this.newest[place]!);
    this.newest[place] = 0;
    return answered;
  }

  private placeOf(id: string): number {
    const place = this.ids.of(id);
    if (place >= this.states.length) {
      this.states = grown(this.states, place * 2);
      this.noticed = grown(this.noticed, place * 2);
      this.newest = grown(this.newest, place * 2);
    }
    return place;
  }

  private numberOf(clause: string | undefined): number {
    const known = this.clauseNumbers.get(clause);
    if (known !== undefined) return known;
    this.clauseNumbers.set(clause, this.clauses.length);
    return this.clauses.push(clause) - 1;
  }
}

/** Lists of flags, the newest first. The place of a flag that was taken is used again. Place 0 is none. */
class OpenFlags {
  private times = new Float64Array(FIRST_CAPACITY);
  private kinds = new Uint8Array(FIRST_CAPACITY);
  /** The place of the flag before it, or the next place that is free. */
  private next = new Uint32Array(FIRST_CAPACITY);
  private free = 0;
  private used = 1;

  /** @returns the place of the flag, which is before the list that begins at `list` */
  add({ at, kind }: OpenFlag, list: number): number {
    const place = this.free === 0 ? this.used++ : this.free;
    if (place === this.free) this.free = this.next[place]!;
    if (place === this.times.length) {
      this.times = grown(this.times, place * 2);
      this.kinds = grown(this.kinds, place * 2);
      this.next = grown(this.next, place * 2);
    }
    this.times[place] = at;
    this.kinds[place] = kind;
    this.next[place] = list;
    return place;
  }

  /** @returns the flags of a list, the oldest first */
  take(list: number): OpenFlag[] {
    const flags: OpenFlag[] = [];
    for (let place = list; place !== 0; ) {
      flags.push({ at: this.times[place]!, kind: this.kinds[place]! });
      const before = this.next[place]!;
      this.next[place] = this.free;
      this.free = place;
      place = before;
    }
    return flags.reverse();
  }
}

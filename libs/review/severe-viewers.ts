import type { StreamKind } from '../kernel/decider.js';
import type { Position } from '../kernel/envelope.js';
import { NotFound, Refusal } from '../kernel/errors.js';
import { SEVERE_SKILL } from './reviewer.js';
import { type SevereViewerEvent, severeViewerEvents } from './severe-viewer-events.js';

export interface SevereViewer {
  person: string;
  reason: string;
  /** The administrator who granted it. */
  by: string;
  /** RFC 3339. */
  since: string;
}

/**
 * The reviewers with the skill `severe`, by person: only they may claim cases that name a clause of the highest severity and
 * look at their images.
 */
export interface SevereViewers {
  viewers: ReadonlyMap<string, SevereViewer>;
  /** By person, also of those who do not have it any more. */
  changes: ReadonlyMap<string, LastChange>;
}

interface LastChange {
  position: Position;
  by: string;
  reason: string;
  /** The position of the change before it; 0 for none. */
  before: Position;
}

/** The kind has a single stream, `severe-viewers`. */
export const severeViewersStream: StreamKind<SevereViewers, SevereViewerEvent> = {
  category: 'severe-viewers',
  events: severeViewerEvents,
  initial: { viewers: new Map(), changes: new Map() },
  evolve(state, { type, data }, { time, actor, position }) {
    const viewers = new Map(state.viewers);
    viewers.delete(data.person);
    if (type === 'SevereViewerGranted') viewers.set(data.person, { ...data, by: actor.id, since: time });
    const change = { position, by: actor.id, reason: data.reason, before: changedAtOf(state, data.person) };
    return { viewers, changes: new Map(state.changes).set(data.person, change) };
  },
};

/** 0 if they never had it. */
export const changedAtOf = ({ changes }: SevereViewers, person: string): Position => changes.get(person)?.position ?? 0;

/** The position before the last change if it is what this person said, who may be repeating it; otherwise that of the last change. */
export function changedBefore({ changes }: SevereViewers, { person, reason }: Change, by: string): Position {
  const last = changes.get(person);
  if (!last) return 0;
  return last.by === by && last.reason === reason ? last.before : last.position;
}

type Change = SevereViewerEvent['data'];

/** A no-op if they may already. */
export const grantSevereViewing = ({ viewers }: SevereViewers, data: Change): SevereViewerEvent[] =>
  viewers.has(data.person) ? [] : [{ type: 'SevereViewerGranted', data }];

/** A no-op if it was revoked. @throws NotFound severe-viewer-unknown */
export function revokeSevereViewing({ viewers, changes }: SevereViewers, data: Change): SevereViewerEvent[] {
  if (viewers.has(data.person)) return [{ type: 'SevereViewerRevoked', data }];
  if (changes.has(data.person)) return [];
  throw new NotFound(
    'severe-viewer-unknown',
    `${data.person} never had the skill ${SEVERE_SKILL}: gatehouse reviewer severe-viewers, or GET /v1/severe-viewers, lists who has it`,
  );
}

/**
 * What a change of all skills of a reviewer does to this one. A no-op if it stays.
 * @param mayGrant whether they are an administrator
 * @throws Refusal skill-reserved
 */
export function setSevereSkill(
  state: SevereViewers,
  data: Change,
  { isWanted, mayGrant }: { isWanted: boolean; mayGrant: boolean },
): SevereViewerEvent[] {
  const { viewers } = state;
  if (viewers.has(data.person) === isWanted) return [];
  if (!mayGrant) {
    const instead = isWanted ? 'leave it out' : `name it, since ${data.person} has it`;
    throw new Refusal('skill-reserved', `only administrators grant and revoke the skill ${SEVERE_SKILL}: ${instead}`);
  }
  return isWanted ? grantSevereViewing(state, data) : revokeSevereViewing(state, data);
}

import type { StreamKind } from '../kernel/decider.js';
import { type SevereViewerEvent, severeViewerEvents } from './severe-viewer-events.js';

export interface SevereViewer {
  person: string;
  reason: string;
  /** The administrator who granted it. */
  by: string;
  /** RFC 3339. */
  since: string;
}

/** The leads who may look at images of cases that name a clause of the highest severity, by person. */
export type SevereViewers = ReadonlyMap<string, SevereViewer>;

/** The kind has a single stream, `severe-viewers`. */
export const severeViewersStream: StreamKind<SevereViewers, SevereViewerEvent> = {
  category: 'severe-viewers',
  events: severeViewerEvents,
  initial: new Map(),
  evolve(state, { type, data }, { time, actor }) {
    const others = [...state].filter(([person]) => person !== data.person);
    if (type === 'SevereViewerRevoked') return new Map(others);
    return new Map([...others, [data.person, { ...data, by: actor.id, since: time }]]);
  },
};

type Change = SevereViewerEvent['data'];

/** A no-op if they may already. */
export const grantSevereViewing = (viewers: SevereViewers, data: Change): SevereViewerEvent[] =>
  viewers.has(data.person) ? [] : [{ type: 'SevereViewerGranted', data }];

/** A no-op if they may not. */
export const revokeSevereViewing = (viewers: SevereViewers, data: Change): SevereViewerEvent[] =>
  viewers.has(data.person) ? [{ type: 'SevereViewerRevoked', data }] : [];

import { toIso } from '../../kernel/clock.js';
import { evolveRecorded, isUsable, type StreamKind } from '../../kernel/decider.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { changesBetween, type JsonChange } from '../../kernel/json-changes.js';
import { type Column, keysIn, type View, type ViewRow } from '../../projections/view.js';
import { plainState } from '../plain-state.js';

/** The kinds of subjects with a history, and the streams and views in which their states are. */
export const HISTORY_KINDS = {
  account: { streams: ['account'], views: [] },
  image: { streams: ['image', 'case', 'enforcement'], views: ['images'] },
  case: { streams: ['case', 'enforcement'], views: ['cases'] },
  cohort: { streams: ['cohort'], views: [] },
  enforcement: { streams: ['enforcement'], views: [] },
  appeal: { streams: ['appeal'], views: [] },
  clause: { streams: [], views: [] },
  person: { streams: ['reviewer'], views: [] },
} as const satisfies Record<string, { streams: readonly string[]; views: readonly string[] }>;
export type HistoryKind = keyof typeof HISTORY_KINDS;

/** What has a single stream, and so a history without an id. */
export const SINGLE_KINDS = ['policy', 'rollout', 'ladder', 'targets', 'switches', 'rules', 'review-settings'] as const;
export type SingleKind = (typeof SINGLE_KINDS)[number];

// biome-ignore lint/suspicious/noExplicitAny: each kind has a state and events of its own
export type AnyStream = StreamKind<any, any>;

export interface SubjectState {
  /** The stream, or the view. */
  of: string;
  state: unknown;
}

export interface SubjectStates {
  states: SubjectState[];
  /** By the id of an event: what it changed. */
  changes: ReadonlyMap<string, (JsonChange & { of: string })[]>;
}

/** The state of a stream after the events that are part of the answer, and what each event changed, also later ones. */
export function statesOfStream(
  kind: AnyStream,
  stream: string,
  events: readonly RecordedEvent[],
  isPart: (event: RecordedEvent) => boolean,
): SubjectStates {
  const changes = new Map<string, (JsonChange & { of: string })[]>();
  let state = kind.initial;
  let plain = plainState(state);
  let then = plain;
  for (const event of events) {
    state = evolveRecorded(kind, state, event);
    const after = plainState(state);
    const found = changesBetween(plain, after);
    if (found.length > 0)
      changes.set(
        event.id,
        found.map((change) => ({ of: stream, ...change })),
      );
    plain = after;
    if (isPart(event)) then = after;
  }
  return { states: [{ of: stream, state: then }], changes };
}

/** The same for the row that a view has for a key. */
export function statesOfView(
  view: View,
  key: string,
  events: readonly RecordedEvent[],
  isPart: (event: RecordedEvent) => boolean,
): SubjectStates {
  const own = events.filter(
    (event) => isUsable(event) && view.types.includes(event.type) && keysIn(view, event).includes(key),
  );
  const changes = new Map<string, (JsonChange & { of: string })[]>();
  let row: ViewRow | undefined;
  let plain: unknown;
  let then: unknown = null;
  for (const event of own) {
    row = view.evolve(row, event, key);
    const after = plainRow(view, row);
    const found = changesBetween(plain, after);
    if (found.length > 0)
      changes.set(
        event.id,
        found.map((change) => ({ of: view.name, ...change })),
      );
    plain = after;
    if (isPart(event)) then = after ?? null;
  }
  return { states: [{ of: view.name, state: then }], changes };
}

/** A row as plain JSON, its times as RFC 3339. */
function plainRow({ table }: View, row: ViewRow | undefined): Record<string, unknown> | undefined {
  if (!row) return undefined;
  const columns: Record<string, Column> = table.columns;
  return Object.fromEntries(
    Object.keys(columns).map((name) => {
      const isTime = columns[name]!.type === 'timestamptz' && typeof row[name] === 'number';
      return [name, isTime ? toIso(row[name]) : (row[name] ?? null)];
    }),
  );
}

import type { Position, RecordedEvent } from '../kernel/envelope.js';
import type { PageTarget } from './apply-page.js';
import type { Checkpoint } from './checkpoints.js';
import type { ViewBuild } from './view-build.js';

/** One lane of one build: the smallest thing that moves through the log on its own. */
export interface Unit {
  build: ViewBuild;
  checkpoint: Checkpoint;
  /** Where it stops; nowhere when undefined. */
  target?: Position;
}

export interface Step {
  /** The units that are furthest behind, by build. */
  targets: PageTarget[];
  after: Position;
  /** The first position at which another unit joins or one of these stops. */
  until: Position;
}

/** What to do next, or undefined when every unit has reached its target. Units that stand together move in one pass. */
export function nextStep(units: readonly Unit[]): Step | undefined {
  let after = Number.POSITIVE_INFINITY;
  for (const { checkpoint, target } of units) {
    if (target === undefined || checkpoint.position < target) after = Math.min(after, checkpoint.position);
  }
  if (after === Number.POSITIVE_INFINITY) return undefined;
  const byBuild = new Map<ViewBuild, Checkpoint[]>();
  let until = Number.POSITIVE_INFINITY;
  for (const { build, checkpoint, target } of units) {
    if (target !== undefined && checkpoint.position >= target) continue;
    if (checkpoint.position > after) {
      until = Math.min(until, checkpoint.position);
      continue;
    }
    if (target !== undefined) until = Math.min(until, target);
    const list = byBuild.get(build);
    if (list) list.push(checkpoint);
    else byBuild.set(build, [checkpoint]);
  }
  return { targets: [...byBuild].map(([build, checkpoints]) => ({ build, checkpoints })), after, until };
}

/** The part of a page that a step may take. */
export function cut(events: readonly RecordedEvent[], next: Position, until: Position) {
  if (next <= until) return { events, to: next };
  let count = events.length;
  while (count > 0 && events[count - 1]!.position > until) count--;
  return { events: events.slice(0, count), to: until };
}

import type { Position, RecordedEvent } from '../kernel/envelope.js';
import type { Checkpoint } from '../subscriptions/checkpoints.js';
import type { ViewBuild } from './view-build.js';

/** One shard of one build: the smallest thing that moves through the log on its own. */
export interface BuildShard {
  build: ViewBuild;
  /** As it is stored. */
  checkpoint: Checkpoint;
  /** How far it has been folded; the checkpoint follows once that is written. */
  position: Position;
  /** Where it stops; nowhere when undefined. */
  target?: Position;
}

/** A build and those of its shards that are at the page's start. */
export interface PageTarget {
  build: ViewBuild;
  units: BuildShard[];
}

export interface Step {
  /** The units that are furthest behind, by build. */
  targets: PageTarget[];
  after: Position;
  /** The first position at which another unit joins or one of these stops. */
  until: Position;
}

/** What to do next, or undefined when every unit has reached its target. Units that stand together move in one pass. */
export function nextStep(units: readonly BuildShard[]): Step | undefined {
  let after = Number.POSITIVE_INFINITY;
  for (const { position, target } of units) {
    if (target === undefined || position < target) after = Math.min(after, position);
  }
  if (after === Number.POSITIVE_INFINITY) return undefined;
  const byBuild = new Map<ViewBuild, BuildShard[]>();
  let until = Number.POSITIVE_INFINITY;
  for (const unit of units) {
    const { build, position, target } = unit;
    if (target !== undefined && position >= target) continue;
    if (position > after) {
      until = Math.min(until, position);
      continue;
    }
    if (target !== undefined) until = Math.min(until, target);
    const list = byBuild.get(build);
    if (list) list.push(unit);
    else byBuild.set(build, [unit]);
  }
  return { targets: [...byBuild].map(([build, together]) => ({ build, units: together })), after, until };
}

/** The part of a page that a step may take. */
export function cut(events: readonly RecordedEvent[], next: Position, until: Position) {
  if (next <= until) return { events, to: next };
  let count = events.length;
  while (count > 0 && events[count - 1]!.position > until) count--;
  return { events: events.slice(0, count), to: until };
}

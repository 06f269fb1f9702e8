import type { Position, RecordedEvent } from '../kernel/envelope.js';
import type { Checkpoint } from '../subscriptions/checkpoints.js';
import type { ViewBuild } from './view-build.js';

/** One shard of one build, with a checkpoint of its own. */
export interface BuildShard {
  build: ViewBuild;
  /** The stored checkpoint. */
  checkpoint: Checkpoint;
  /** The position folded so far; the checkpoint follows once the rows are written. */
  position: Position;
  /** The position to stop at; undefined for never. */
  target?: Position;
}

/** A build and those of its shards that need the page. */
export interface PageTarget {
  build: ViewBuild;
  shards: BuildShard[];
}

export interface Step {
  /** The shards that are furthest behind, by build. */
  targets: PageTarget[];
  after: Position;
  /** The first position at which another shard joins or one of these stops. */
  until: Position;
}

/** The next step, or undefined if every shard has reached its target. Shards at one position move together. */
export function nextStep(shards: readonly BuildShard[]): Step | undefined {
  let after = Number.POSITIVE_INFINITY;
  for (const { position, target } of shards) {
    if (target === undefined || position < target) after = Math.min(after, position);
  }
  if (after === Number.POSITIVE_INFINITY) return undefined;
  const byBuild = new Map<ViewBuild, BuildShard[]>();
  let until = Number.POSITIVE_INFINITY;
  for (const shard of shards) {
    const { build, position, target } = shard;
    if (target !== undefined && position >= target) continue;
    if (position > after) {
      until = Math.min(until, position);
      continue;
    }
    if (target !== undefined) until = Math.min(until, target);
    const list = byBuild.get(build);
    if (list) list.push(shard);
    else byBuild.set(build, [shard]);
  }
  return { targets: [...byBuild].map(([build, together]) => ({ build, shards: together })), after, until };
}

/** The part of a page up to the end of a step. */
export function cut(events: readonly RecordedEvent[], next: Position, until: Position) {
  if (next <= until) return { events, to: next };
  let count = events.length;
  while (count > 0 && events[count - 1]!.position > until) count--;
  return { events: events.slice(0, count), to: until };
}

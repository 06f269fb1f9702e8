import type { CommandContext } from '../kernel/command-context.js';

/** The source of an event that is a command. Every incoming event has one, and its sender is admitted by it. */
export function sourceOf({ source }: CommandContext): string {
  if (source === undefined) throw new Error('a command from outside has no source: pass the source of its event');
  return source;
}

import type { StreamKind } from '../kernel/decider.js';
import type { Position } from '../kernel/envelope.js';
import { NotFound, Refusal } from '../kernel/errors.js';
import type { Order } from './enforcement.js';
import { MAX_TARGETS, type TargetEvent, targetEvents } from './target-events.js';

type Registered = Extract<TargetEvent, { type: 'EnforcementTargetRegistered' }>['data'];

export interface Target extends Registered {
  /** The position of the last change. */
  changedAt: Position;
}

export interface Targets {
  byName: ReadonlyMap<string, Target>;
  /** The positions at which targets were removed, so that a condition on one that is gone is checked too. */
  removedAt: ReadonlyMap<string, Position>;
}

/** The kind has a single stream, `targets`. */
export const targetsStream: StreamKind<Targets, TargetEvent> = {
  category: 'targets',
  events: targetEvents,
  initial: { byName: new Map(), removedAt: new Map() },
  evolve({ byName, removedAt }, { type, data }, { position: changedAt }) {
    switch (type) {
      case 'EnforcementTargetRegistered':
        return { byName: new Map(byName).set(data.name, { ...data, changedAt }), removedAt };
      case 'EnforcementTargetRemoved': {
        const left = new Map(byName);
        left.delete(data.name);
        return { byName: left, removedAt: new Map(removedAt).set(data.name, changedAt) };
      }
    }
  },
};

/** The position of the last change of a target; 0 if there never was one. */
export const targetChangedAt = ({ byName, removedAt }: Targets, name: string): Position =>
  byName.get(name)?.changedAt ?? removedAt.get(name) ?? 0;

/** A no-op if the target is registered with these terms. @throws Refusal too-many-targets */
export function registerTarget({ byName }: Targets, data: Registered): TargetEvent[] {
  const known = byName.get(data.name);
  const consequences = [...new Set(data.consequences)].sort();
  if (known && termsOf(known) === termsOf({ ...data, consequences })) return [];
  if (!known && byName.size >= MAX_TARGETS) {
    throw new Refusal(
      'too-many-targets',
      `${MAX_TARGETS} targets are registered, which is the maximum; remove one first`,
    );
  }
  return [{ type: 'EnforcementTargetRegistered', data: { ...data, consequences } }];
}

const termsOf = ({ consequences, deadlineSeconds, retrySeconds, reason }: Registered): string =>
  JSON.stringify([consequences, deadlineSeconds, retrySeconds, reason]);

/** A no-op if it was removed. @throws NotFound target-unknown */
export function removeTarget({ byName, removedAt }: Targets, data: { name: string; reason: string }): TargetEvent[] {
  if (byName.has(data.name)) return [{ type: 'EnforcementTargetRemoved', data }];
  if (!removedAt.has(data.name)) throw targetUnknown(data.name);
  return [];
}

export const targetUnknown = (name: string): NotFound =>
  new NotFound(
    'target-unknown',
    `no target ${name} is registered: gatehouse target list, or GET /v1/enforcement-targets, lists them`,
  );

/** The targets that carry out what is ordered, by name. */
export const targetsFor = ({ byName }: Targets, { measure, imageId }: Pick<Order, 'measure' | 'imageId'>): string[] =>
  [...byName.values()]
    .filter(({ consequences }) =>
      consequences.some((one) => one === measure || (one === 'withhold' && imageId !== undefined)),
    )
    .map(({ name }) => name)
    .sort();

import type { GateParameters } from '../gate/verdict.js';
import type { EventPlace } from '../kernel/decider.js';
import type { Position } from '../kernel/envelope.js';
import type { RolloutEvent } from './events.js';

/** What operators set of the gate. */
export interface GateSettings extends GateParameters {
  /** D: after how many days an exposure counts. */
  labelDelayDays: number;
  /** How many days of an account count. */
  accountDays: number;
}

/** The published share of flagged images, 0.05%, times the published share of those that reviewers confirm, 30%. */
export const DEFAULT_SETTINGS: GateSettings = {
  limit: 0.00015,
  alpha: 0.05,
  lateShare: 0.05,
  recallLower: 1,
  isNearLimit: false,
  accountCap: 3,
  labelDelayDays: 9,
  accountDays: 14,
};

export type StageCause = 'rate-raised' | 'limit-set' | 'parameters-set' | 'model-changed';

/** Where the evidence begins that the gate tests. */
export interface Stage {
  /** 1 for the first; never restarts. */
  ordinal: number;
  /** The event that it begins with: what comes after it counts. */
  since: Position;
  /** When that happened, RFC 3339. */
  at: string;
  cause: StageCause;
}

export interface Gate {
  settings: GateSettings;
  /** Undefined until a rate above 0 is set: without people there is no evidence. */
  stage?: Stage;
  model?: string;
  /** The position of the last event that set the limit or a parameter; 0 before the first. */
  changedAt: Position;
}

export const initialGate: Gate = { settings: DEFAULT_SETTINGS, changedAt: 0 };

/**
 * A stage begins at every raise of the rate and at every change of the limit, a parameter or the model. Evidence from before
 * says nothing about what is different since.
 * @param perWeek the rate before the event
 */
export function evolveGate(gate: Gate, { type, data }: RolloutEvent, place: EventPlace, perWeek: number): Gate {
  switch (type) {
    case 'OnboardingRateSet':
      return data.perWeek > perWeek ? { ...gate, stage: nextStage(gate, 'rate-raised', place) } : gate;
    case 'GateLimitSet': {
      const settings = { ...gate.settings, limit: data.limit };
      return changed({ ...gate, settings, changedAt: place.position }, 'limit-set', place);
    }
    case 'GateParametersSet': {
      const { reason: _, ...parameters } = data;
      const settings = { limit: gate.settings.limit, ...parameters };
      return changed({ ...gate, settings, changedAt: place.position }, 'parameters-set', place);
    }
    case 'ModelChanged':
      return changed({ ...gate, model: data.model }, 'model-changed', place);
    default:
      return gate;
  }
}

const changed = (gate: Gate, cause: StageCause, place: EventPlace): Gate =>
  gate.stage ? { ...gate, stage: nextStage(gate, cause, place) } : gate;

const nextStage = ({ stage }: Gate, cause: StageCause, { position, time }: EventPlace): Stage => ({
  ordinal: (stage?.ordinal ?? 0) + 1,
  since: position,
  at: time,
  cause,
});

export function setGateLimit({ settings }: Gate, limit: number, reason: string): RolloutEvent[] {
  return settings.limit === limit ? [] : [{ type: 'GateLimitSet', data: { limit, reason } }];
}

/** What is left out stays as it is; null ends a plan of stages. */
export type ParameterChanges = Partial<Omit<GateSettings, 'limit' | 'plannedStages'>> & {
  plannedStages?: number | null;
};

export function setGateParameters({ settings }: Gate, changes: ParameterChanges, reason: string): RolloutEvent[] {
  const { limit: _, plannedStages: planned, ...before } = settings;
  const { plannedStages = planned ?? null, ...given } = changes;
  const named = Object.entries(given).filter(([, value]) => value !== undefined);
  const after = { ...before, ...(Object.fromEntries(named) as typeof before) };
  const isSame =
    (Object.keys(after) as (keyof typeof after)[]).every((name) => after[name] === before[name]) &&
    plannedStages === (planned ?? null);
  if (isSame) return [];
  const plan = plannedStages === null ? {} : { plannedStages };
  return [{ type: 'GateParametersSet', data: { ...after, ...plan, reason } }];
}

export function changeModel(gate: Gate, model: string, reason: string): RolloutEvent[] {
  return gate.model === model ? [] : [{ type: 'ModelChanged', data: { model, reason } }];
}

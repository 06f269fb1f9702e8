import { alphaWithin } from '../gate/alpha-spending.js';
import { phaseTermsText, type StageCause } from '../gate/gate-words.js';
import type { GateParameters } from '../gate/verdict.js';
import type { EventPlace } from '../kernel/decider.js';
import type { Actor, Position } from '../kernel/envelope.js';
import type { RolloutEvent } from './events.js';
import { evolveOverrides, type Overrides } from './gate-override.js';
import { type GateMove, moveOf } from './last-move.js';
import { needsOtherEvidence, phaseIn } from './phase.js';

type Moved = Extract<RolloutEvent, { type: 'GateMoved' }>['data'];

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

/** Where the evidence begins that the gate tests. */
export interface Stage {
  /** 1 for the first; never restarts. */
  ordinal: number;
  /** The event that it begins with: what comes after it counts. */
  since: Position;
  /** When that happened, RFC 3339. */
  at: string;
  cause: StageCause;
  /** What it is now: the rate, the limit, the model, … */
  what: string;
  /** Who changed it. */
  by: Actor;
  reason?: string;
  /** The change of a phase that it began with, which may set the rate too. */
  changeId?: string;
}

/** The stages that are kept, for the timeline. */
export const STAGES_KEPT = 200;
/** The models that are kept; one that is named again after so many others begins a stage again. */
const MODELS_KEPT = 200;

export interface Gate {
  settings: GateSettings;
  /** Undefined until a rate above 0 is set: without people there is no evidence. */
  stage?: Stage;
  /** The share of alpha that the stages before the present one have left. */
  alphaLeft: number;
  /** The latest, oldest first, with the present one. */
  stages: readonly Stage[];
  model?: string;
  /** The last one that an operator named; what an image names is a claim of its sender. */
  statedModel?: string;
  /** Those that were named so far, by operators or by images. */
  models: readonly string[];
  /** The last change of its outcome. */
  move?: GateMove;
  /**
   * The stage in which a cohort was found to be harmful last, or that began since because an image named a model; undefined if none was,
   * or something has ended it since.
   */
  harmStage?: number | undefined;
  /** The event since which labels come as late as they do now: the first stage, or the last one that an operator began with a remedy. */
  labelsSince?: Position;
  overrides: Overrides;
  /** The position of the last event that set the limit or a parameter; 0 before the first. */
  changedAt: Position;
}

export const initialGate: Gate = {
  settings: DEFAULT_SETTINGS,
  alphaLeft: 1,
  stages: [],
  models: [],
  overrides: { known: [] },
  changedAt: 0,
};

/** A higher rate, another limit or another test are no reason to believe that harm is over, or that labels come sooner. */
const REMEDIES: readonly StageCause[] = ['model-changed', 'policy-changed', 'detector-changed', 'ladder-changed'];

/**
 * A stage begins at every raise of the rate and at every change of the phase, the limit, a parameter, the model, the policy, a detector or
 * the ladder. Evidence from before says nothing about what is different since.
 * @param perWeek the rate before the event
 */
export function evolveGate(gate: Gate, event: RolloutEvent, place: EventPlace, perWeek: number): Gate {
  const { type, data } = event;
  const begun = { at: place.time, since: place.position, by: place.actor };
  switch (type) {
    case 'OnboardingRateSet': {
      if (data.perWeek <= perWeek) return gate;
      const what = `${data.perWeek} people a week`;
      // One change is one stage: each spends a part of alpha.
      if (data.changeId !== undefined && gate.stage?.changeId === data.changeId)
        return withMore(gate, gate.stage, what);
      return withStage(gate, {
        ...{ ...begun, cause: 'rate-raised', what },
        ...(data.by !== undefined && { by: { kind: 'user', id: data.by } }),
        ...(data.reason !== undefined && { reason: data.reason }),
      });
    }
    case 'GateLimitSet': {
      const settings = { ...gate.settings, limit: data.limit };
      const stage = { ...begun, cause: 'limit-set' as const, what: String(data.limit), reason: data.reason };
      return { ...changed(gate, stage), settings, changedAt: place.position };
    }
    case 'GateParametersSet': {
      const { reason, ...parameters } = data;
      const settings = { limit: gate.settings.limit, ...parameters };
      const what = differences(gate.settings, settings).join(', ');
      const stage = { ...begun, cause: 'parameters-set' as const, what, reason };
      return { ...changed(gate, stage), settings, changedAt: place.position };
    }
    case 'RolloutPhaseSet': {
      const { phase, before, classesBefore, restrictionsBefore, reason, by, changeId } = data;
      const former = phaseIn({ phase: before, classes: classesBefore, restrictions: restrictionsBefore });
      if (!needsOtherEvidence(phaseIn(data), former)) return gate;
      const who = by === undefined ? begun.by : { kind: 'user' as const, id: by };
      const stage = {
        ...begun,
        cause: 'phase-changed' as const,
        what: `${phase}${phaseTermsText(data)}`,
        reason,
        by: who,
      };
      return changed(gate, { ...stage, ...(changeId !== undefined && { changeId }) });
    }
    case 'ModelChanged': {
      const stage = { ...begun, cause: 'model-changed' as const, what: data.model, reason: data.reason };
      return changed({ ...withModel(gate, data.model), statedModel: data.model }, stage);
    }
    case 'ModelSeen': {
      const after = withModel(gate, data.model);
      const reason = `image ${data.imageId} names it`;
      return gate.models.length === 0
        ? after
        : changed(after, { ...begun, cause: 'model-changed', what: data.model, reason }, false);
    }
    case 'GateStageBegun': {
      const { cause, what, reason, by } = data;
      const who = by === undefined ? begun.by : { kind: 'user' as const, id: by };
      return changed(gate, { ...begun, cause, what, reason, by: who });
    }
    case 'GateMoved':
      return {
        ...gate,
        move: moveOf(data, place),
        harmStage: harmStageAfter(gate, data),
      };
    case 'GateOverrideProposed':
    case 'GateOverrideApproved':
    case 'GateOverrideEnded':
      return { ...gate, overrides: evolveOverrides(gate.overrides, event, place) };
    default:
      return gate;
  }
}

const changed = (gate: Gate, stage: Omit<Stage, 'ordinal'>, isStated = true): Gate =>
  gate.stage ? withStage(gate, stage, isStated) : gate;

/** What the present stage may spend is spent, by the parameters that it had. */
function alphaLeftAfter({ settings, stage, alphaLeft }: Gate): number {
  if (!stage) return alphaLeft;
  return Math.max(0, alphaLeft - alphaWithin(1, stage.ordinal, settings.plannedStages, alphaLeft));
}

/**
 * @param isStated whether an operator says so: a new name in an image is no later stage for the harm that is known, or any sender
 * could free admissions
 */
function withStage(gate: Gate, begun: Omit<Stage, 'ordinal'>, isStated = true): Gate {
  const stage = { ...begun, ordinal: (gate.stage?.ordinal ?? 0) + 1 };
  const alphaLeft = alphaLeftAfter(gate);
  const isRemedy = isStated && REMEDIES.includes(stage.cause);
  const harmStage = isStated ? gate.harmStage : gate.harmStage && stage.ordinal;
  return {
    ...gate,
    ...{ stage, stages: [...gate.stages, stage].slice(-STAGES_KEPT), alphaLeft },
    harmStage: isRemedy ? undefined : harmStage,
    labelsSince: isRemedy ? stage.since : (gate.labelsSince ?? stage.since),
  };
}

/** A move that names no harm any more was decided by evidence that refutes it. */
function harmStageAfter({ harmStage }: Gate, { reasons, stage }: Moved): number | undefined {
  if (reasons.includes('cohort-harm')) return stage;
  return reasons.includes('harm-before') ? harmStage : undefined;
}

function withMore(gate: Gate, present: Stage, what: string): Gate {
  const stage = { ...present, what: `${present.what}, ${what}` };
  return { ...gate, stage, stages: [...gate.stages.slice(0, -1), stage] };
}

const withModel = (gate: Gate, model: string): Gate => ({
  ...gate,
  model,
  models: [...gate.models.filter((known) => known !== model), model].slice(-MODELS_KEPT),
});

/** What is set otherwise, in the words of the settings. */
const differences = (before: GateSettings, after: GateSettings): string[] =>
  Object.entries(after).flatMap(([name, value]) =>
    before[name as keyof GateSettings] === value ? [] : [`${name} ${value}`],
  );

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

/** A no-op for the present model, unless only images have named it and an operator says now that it ends the harm that is known. */
export function changeModel(gate: Gate, model: string, reason: string): RolloutEvent[] {
  const isUnstated = gate.harmStage !== undefined && gate.statedModel !== model;
  return gate.model === model && !isUnstated ? [] : [{ type: 'ModelChanged', data: { model, reason } }];
}

/** An image names its model: nothing new unless it is the first of its model. */
export function seeModel(gate: Gate, model: string, imageId: string): RolloutEvent[] {
  return gate.models.includes(model) ? [] : [{ type: 'ModelSeen', data: { model, imageId } }];
}

type Begun = Extract<RolloutEvent, { type: 'GateStageBegun' }>['data'];

/** Without a stage there is no evidence that another one could separate. */
export function beginStage(gate: Gate, begun: Begun): RolloutEvent[] {
  return gate.stage ? [{ type: 'GateStageBegun', data: begun }] : [];
}

/** A detector that is said to be the present one already changes nothing. */
export function changeDetector(gate: Gate, detector: string, reason: string): RolloutEvent[] {
  const present = gate.stages.findLast(({ cause }) => cause === 'detector-changed');
  return present?.what === detector ? [] : beginStage(gate, { cause: 'detector-changed', what: detector, reason });
}

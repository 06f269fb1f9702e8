import type { ApiClient } from '../../libs/cli/api-client.js';
import type { GateAnswer } from '../../libs/rollout/queries/show-gate.js';
import type { RolloutAnswer } from '../../libs/rollout/queries/show-rollout.js';
import type { SafetyAnswer } from '../../libs/safety/index.js';
import type { Share } from '../../libs/safety/metrics.js';

/** What an operator could see at the end of a day. */
export interface ObservedDay {
  /** 1 for the first. */
  day: number;
  /** Ever onboarded. */
  people: number;
  waiting: number;
  deactivated: number;
  perWeek: number;
  images: number;
  exposed: number;
  flagged: Share | null;
  confirmed: Share | null;
  violations: Share | null;
  gate: { outcome: GateAnswer['outcome']; reasons: GateAnswer['reasons']; upper: number; limit: number };
  /** What holds: the last move. */
  inForce: GateAnswer['inForce'];
  backlog: number;
  supplyPerDay: number | null;
  /** From the flag that opened a case to its decision, of 95 of 100. */
  timeToVerdictMs: number | null;
  deactivationSeconds: number | null;
}

export async function observe(api: ApiClient, day: number, people: number): Promise<ObservedDay> {
  const [gate, rollout, { whole }] = [
    await api.get<GateAnswer>('/v1/gate'),
    await api.get<RolloutAnswer>('/v1/rollout'),
    await api.get<SafetyAnswer>('/v1/safety/metrics'),
  ];
  return {
    ...{ day, people, waiting: rollout.waiting, deactivated: whole.deactivated, perWeek: rollout.perWeek ?? 0 },
    ...{ images: whole.generated, exposed: whole.exposed },
    ...{ flagged: whole.flaggedShare, confirmed: whole.confirmedShare, violations: whole.violationRate },
    gate: {
      ...{ outcome: gate.outcome, reasons: gate.reasons },
      ...{ upper: gate.exposures.upper, limit: gate.exposures.limit },
    },
    inForce: gate.inForce,
    ...{ backlog: gate.load.waiting, supplyPerDay: gate.load.supplyPerDay },
    timeToVerdictMs: whole.review.timeToVerdict?.p95Ms ?? null,
    deactivationSeconds: gate.load.deactivationSeconds,
  };
}

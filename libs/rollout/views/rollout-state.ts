import type { RecordedEvent } from '../../kernel/envelope.js';
import type { View } from '../../projections/view.js';

export type RolloutStateRow = {
  /** Always `rollout`. */
  id: string;
  /** null until a rate was set. */
  per_week: number | null;
  daily: boolean;
  paused: boolean;
  pause_reason: string | null;
  last_admitted_at: number | null;
  position: number;
};

export const rolloutStateView: View<RolloutStateRow> = {
  name: 'rollout-state',
  version: 1,
  summary: 'The rate in force and whether onboarding is paused; one row.',
  types: ['OnboardingRateSet', 'OnboardingPaused', 'OnboardingResumed', 'CohortAdmitted'],
  table: {
    name: 'rollout',
    key: 'id',
    columns: {
      id: { type: 'text' },
      per_week: { type: 'int4', nullable: true },
      daily: { type: 'bool' },
      paused: { type: 'bool' },
      pause_reason: { type: 'text', nullable: true },
      last_admitted_at: { type: 'timestamptz', nullable: true },
      position: { type: 'int8' },
    },
  },
  keys: () => ['rollout'],
  evolve(row, event, id) {
    if (row && event.position <= row.position) return row;
    return { ...(row ?? untouched(id)), ...change(event), position: event.position };
  },
};

const untouched = (id: string): RolloutStateRow => ({
  id,
  per_week: null,
  daily: false,
  paused: false,
  pause_reason: null,
  last_admitted_at: null,
  position: 0,
});

function change({ type, data }: RecordedEvent): Partial<RolloutStateRow> {
  switch (type) {
    case 'OnboardingRateSet':
      return { per_week: data.perWeek, daily: data.daily };
    case 'OnboardingPaused':
      return { paused: true, pause_reason: data.reason };
    case 'OnboardingResumed':
      return { paused: false, pause_reason: null };
    case 'CohortAdmitted':
      return { last_admitted_at: Date.parse(data.at) };
    default:
      return {};
  }
}

import type { Scenario } from '../scenario.js';

/**
 * Where a value comes from: `fitted` to the history; `set` by operators; `at least`, because no more was ever needed; `assumed`, since no
 * history shows it.
 */
export type Source = 'fitted' | 'set' | 'at least' | 'assumed';

/** A parameter of the scenario. */
export interface FittedParameter {
  /** As the scenario names it. */
  parameter: string;
  value: number;
  low: number | null;
  high: number | null;
  source: Source;
  /** The counts that it rests on, or why there are none. */
  basis: string;
}

export interface Calibration {
  scenario: Scenario;
  parameters: FittedParameter[];
  /** What the history shows beside the scenario. */
  remarks: string[];
  /** The rate in force. */
  perWeek: number;
  /** Of the log, that the totals include. */
  position: string;
}

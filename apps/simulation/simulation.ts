import type { ObservedDay } from './observed-day.js';
import type { Scenario } from './scenario.js';

/** What a scenario expects, and what came out. */
export interface Check {
  what: string;
  expected: string;
  found: string;
  isMet: boolean;
}

/** A move of the gate. */
export interface SimulatedMove {
  /** 0 for the one that was in force before the first day. */
  day: number;
  outcome: string;
  reasons: readonly string[];
}

export interface Simulation {
  scenario: Scenario;
  seed: number;
  scale: number;
  /** What was found before the first day, if something was brought about. */
  begin?: ObservedDay;
  days: ObservedDay[];
  moves: SimulatedMove[];
  /** The rates that the operator set, with their days. */
  rates: { day: number; perWeek: number }[];
  /** The most people onboarded in seven days in a row. */
  mostPerWeek: number;
  /** The seven days in which the most of the rate was used that was in force at their end. */
  fullestWeek: { day: number; people: number; perWeek: number };
  /** Of the log. */
  events: number;
  checks: Check[];
}

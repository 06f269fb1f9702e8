import { type OldFigure, USUAL_CAPACITY } from '../gate/verdict.js';
import { DAY_MS } from '../kernel/clock.js';
import type { RolloutEvent } from './events.js';
import type { GateSettings } from './gate-stage.js';

/** Views that lack events that were stored so long ago say nothing about now: admissions stop. */
export const MOST_LATE_SECONDS = 900;
/** A raise needs views that lack nothing older. */
export const FRESH_SECONDS = 60;
/** A raise needs an exposure within this share of the silence that stops admissions: a day, unless set otherwise. */
const FRESH_SILENCE = 0.5;

type Figures = Extract<RolloutEvent, { type: 'GateMoved' }>['data']['figures'];

interface Known {
  figures: Pick<Figures, 'lastExposureAt' | 'people' | 'activePeople'>;
  /** Epoch milliseconds. */
  at: number;
}

const silenceMs = ({ silenceDays = USUAL_CAPACITY.silenceDays }: GateSettings): number => silenceDays * DAY_MS;

/** Names of figures that existed and no longer arrive. */
export function stoppedFigures(settings: GateSettings, { figures, at }: Known, lateBySeconds: number): string[] {
  const { lastExposureAt, people } = figures;
  const isSilent = lastExposureAt !== null && people > 0 && at - lastExposureAt > silenceMs(settings);
  return [...(isSilent ? ['exposures'] : []), ...(lateBySeconds > MOST_LATE_SECONDS ? ['views'] : [])];
}

/** What the evidence has only as it was too long ago for a raise. A move without active people is of a release that did not ask. */
export function oldFigures(settings: GateSettings, { figures, at }: Known, lateBySeconds: number): OldFigure[] {
  const { lastExposureAt, activePeople } = figures;
  if (activePeople === undefined) return [];
  const isOld = lastExposureAt !== null && at - lastExposureAt > FRESH_SILENCE * silenceMs(settings);
  return [...(lateBySeconds > FRESH_SECONDS ? (['views'] as const) : []), ...(isOld ? (['exposures'] as const) : [])];
}

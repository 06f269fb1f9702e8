import type { CountAgain, CountsAgain } from '../../context/counts-again.js';
import { sortedJson } from '../../kernel/canonical-json.js';
import { GateMoved } from '../move-events.js';
import { ExplainMove } from './explain-move.js';

/** Of a move, what was counted in views; the rest of it was computed from that. */
const COUNTED: Readonly<Record<string, readonly string[]>> = {
  exposures: ['exposures', 'pending', 'confirmed', 'arrived'],
  accounts: ['accounts', 'exposures', 'violations'],
  late: ['violations', 'late'],
};
/** How late the views were is in no view. */
const NOT_COUNTED = 'lateBySeconds';

type Parts = Readonly<Record<string, unknown>>;

/** What a move took from views, by JSON Pointer in its event. */
function countsOf(move: Parts): Map<string, unknown> {
  const figures = Object.keys((move.figures as Parts | undefined) ?? {}).filter((name) => name !== NOT_COUNTED);
  const named = Object.entries({ ...COUNTED, figures }).flatMap(([part, names]) =>
    names.map((name) => [`/${part}/${name}`, (move[part] as Parts | undefined)?.[name]] as const),
  );
  // A move of an earlier release does not have all of them.
  return new Map([...named, ['/cohorts', move.cohorts] as const].filter(([, value]) => value !== undefined));
}

/** The counts of a move, beside those that the log comes to at its position. */
export function countedAgain({ decided, recomputed }: { decided: Parts; recomputed: Parts }): CountAgain[] {
  const again = countsOf(recomputed);
  return [...countsOf(decided)].map(([path, recorded]) => {
    const value = again.get(path) ?? null;
    return { path, value, ...(sortedJson(value) !== sortedJson(recorded) && { recorded }) };
  });
}

export const moveCounts: CountsAgain = {
  type: GateMoved.type,
  async of({ position, data }, queries) {
    const found = await queries.execute(Object.assign(new ExplainMove(), { position: String(position) }));
    return { counts: countedAgain(found), countedTo: String(data.position) };
  },
};

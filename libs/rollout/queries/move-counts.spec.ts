import { expect, it } from '@jest/globals';
import { GateMoved } from '../move-events.js';
import { countedAgain } from './move-counts.js';

const decided = GateMoved.example;

it('names each count of a move with what the log comes to', () => {
  const counts = countedAgain({ decided, recomputed: decided });
  const paths = counts.map(({ path }) => path);
  for (const path of ['/exposures/pending', '/accounts/violations', '/late/late', '/figures/activePeople', '/cohorts'])
    expect(paths).toContain(path);
  // Computed from the others, or known without a view.
  for (const path of ['/exposures/logE', '/figures/lateBySeconds']) expect(paths).not.toContain(path);
  for (const count of counts) expect(count).not.toHaveProperty('recorded');
});

it('shows what the event has where that is another number', () => {
  const { figures, exposures } = decided;
  const recomputed = { ...decided, exposures: { ...exposures, pending: 7 }, figures: { ...figures, opened: 9 } };
  const other = countedAgain({ decided, recomputed }).filter((count) => 'recorded' in count);
  expect(other.map(({ path, value, recorded }) => [path, value, recorded])).toEqual([
    ['/exposures/pending', 7, exposures.pending],
    ['/figures/opened', 9, figures.opened],
  ]);
});

it('leaves out what an earlier release did not count', () => {
  const { activePeople: _, ...figures } = decided.figures;
  const counts = countedAgain({ decided: { ...decided, figures }, recomputed: decided });
  expect(counts.map(({ path }) => path)).not.toContain('/figures/activePeople');
  expect(counts.filter((count) => 'recorded' in count)).toEqual([]);
});

import { seededChance } from '../../dist/apps/cli/demo/chance.js';

/** Random numbers from a seed, so that a run of faults can be repeated. */
export function chanceOf(seed) {
  const { next, happens, pick } = seededChance(seed);
  return {
    between: (least, most) => least + Math.floor(next() * (most - least + 1)),
    oneOf: pick,
    happens,
  };
}

/**
 * How often a property is tried: more often with the random seeds of `npm run test:random` than in `npm test`.
 * @param usual with the fixed seed of `npm test`
 */
export const runs = (usual: number, explored: number): number =>
  process.env.GATEHOUSE_TEST_SEED === undefined ? usual : explored;

import fc from 'fast-check';

/** A fixed seed, so that the same commit gives the same result. `npm run test:random` tries other seeds. */
const SEED = 20_220_518;

fc.configureGlobal({ seed: Number(process.env.GATEHOUSE_TEST_SEED ?? SEED) });

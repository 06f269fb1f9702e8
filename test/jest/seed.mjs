import fc from 'fast-check';

/** The same commit gives the same result: every property is tried with these examples. `npm run test:random` tries others. */
const SEED = 20_220_518;

fc.configureGlobal({ seed: Number(process.env.GATEHOUSE_TEST_SEED ?? SEED) });

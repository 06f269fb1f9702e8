import { LEFT_OUT } from './test/jest/jest.mjs';

/** Unit and property specs are beside their source; specs of several libs together are under test/. */
export default {
  testEnvironment: 'node',
  rootDir: '.',
  testMatch: ['<rootDir>/{apps,libs,test}/**/*.spec.ts'],
  // npm run test:long and npm run test:adversarial run the long ones.
  testPathIgnorePatterns: [...LEFT_OUT, '\\.long\\.spec\\.ts$'],
  extensionsToTreatAsEsm: ['.ts'],
  setupFilesAfterEnv: ['<rootDir>/test/jest/seed.mjs'],
  testRunner: '<rootDir>/test/jest/run-file.mjs',
  transform: {},
  // Ends a test that hangs, but not one on a busy machine.
  testTimeout: 300_000,
  // Jest's half a second is too short for the exit of a large process on a busy machine.
  workerGracefulExitTimeout: 30_000,
  testSequencer: '<rootDir>/test/jest/slow-first.mjs',
  reporters: ['default', '<rootDir>/test/jest/unfinished-files.mjs'],
  globalSetup: '<rootDir>/test/jest/global-setup.mjs',
  globalTeardown: '<rootDir>/test/jest/global-teardown.mjs',
};

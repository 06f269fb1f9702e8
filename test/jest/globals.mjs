import { quickExpect } from './quick-expect.mjs';

/** Replaces `@jest/globals` in specs. Jest creates new globals for each file; `provide` updates these bindings. */
export let afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest;
/** Jest's own, which `expect` is compared with. */
export let jestExpect;

export function provide(globals, moduleMocker) {
  ({ afterAll, afterEach, beforeAll, beforeEach, describe, expect: jestExpect, it } = globals);
  expect = quickExpect(jestExpect);
  jest = {
    spyOn: moduleMocker.spyOn.bind(moduleMocker),
    restoreAllMocks: moduleMocker.restoreAllMocks.bind(moduleMocker),
  };
}

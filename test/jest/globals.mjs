/** Replaces `@jest/globals` in specs. Jest creates new globals for each file; `provide` updates these bindings. */
export let afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest;

export function provide(globals, moduleMocker) {
  ({ afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } = globals);
  jest = {
    spyOn: moduleMocker.spyOn.bind(moduleMocker),
    restoreAllMocks: moduleMocker.restoreAllMocks.bind(moduleMocker),
  };
}

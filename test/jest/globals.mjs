/** What `@jest/globals` is to a spec. Jest gives each file its own; the bindings follow. */
export let afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest;

export function provide(globals, moduleMocker) {
  ({ afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } = globals);
  jest = {
    spyOn: moduleMocker.spyOn.bind(moduleMocker),
    restoreAllMocks: moduleMocker.restoreAllMocks.bind(moduleMocker),
  };
}

import { expect, it, jest } from '@jest/globals';
import { createTestDatabase } from '../../test/support/test-database.js';
import { LockSession } from './lock-session.js';
import { runPeriodically } from './periodic-work.js';

it('makes no further signal for each tick, since each lives as long as the process', async () => {
  const database = await createTestDatabase();
  const locks = new LockSession(database.connection);
  const made = jest.spyOn(AbortSignal, 'any');
  try {
    const end = new AbortController();
    let ticks = 0;
    const tick = async () => {
      if (++ticks === 20) end.abort();
    };
    const failed = (error: unknown) => {
      throw error;
    };
    await runPeriodically({ name: 'counting', everyMs: 1, tick, failed }, end.signal, locks);
    expect(ticks).toBe(20);
    expect(made.mock.calls.filter(([signals]) => [...signals].includes(end.signal))).toHaveLength(1);
  } finally {
    made.mockRestore();
    await locks.close();
    await database.drop();
  }
});

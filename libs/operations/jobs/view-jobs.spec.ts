import { expect, it } from '@jest/globals';
import type { AuditTrail } from '../../audit/index.js';
import { systemClock } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { timeOrderedIds } from '../../kernel/ids.js';
import type { Rebuilder } from '../../projections/rebuilder.js';
import type { ViewReplays } from '../../projections/replays.js';
import { ViewJobs } from './view-jobs.js';

const context: CommandContext = { actor: { kind: 'user', id: 'olga', role: 'operator' }, correlationid: 'c' };

it('begins no job that was still being recorded when the process stopped', async () => {
  let recorded = (_position: number): void => {};
  const recording = new Promise<number>((resolve) => {
    recorded = resolve;
  });
  let begun = 0;
  const begin = async () => {
    begun += 1;
    return [];
  };
  const rebuilder = { verify: begin, rebuild: begin } as unknown as Rebuilder;
  const audit = { record: () => recording } as unknown as AuditTrail;
  const replays = { digestsAt: begin, changesBetween: begin } as unknown as ViewReplays;
  const jobs = new ViewJobs([], rebuilder, replays, audit, systemClock, timeOrderedIds(systemClock));
  const starting = jobs.replay('rebuild', undefined, context);
  await jobs.onApplicationShutdown();
  recorded(1);
  expect(await starting).toMatchObject({ status: 'failed', error: 'the process is stopping' });
  expect(begun).toBe(0);
});

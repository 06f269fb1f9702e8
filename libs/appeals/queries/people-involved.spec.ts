import { describe, expect, it } from '@jest/globals';
import { recorded } from '../../../test/support/fold-view.js';
import { foldRecorded } from '../../kernel/decider.js';
import type { JsonObject, RecordedEvent } from '../../kernel/envelope.js';
import { imposersOf, peopleBehind, peopleOfCase } from './people-involved.js';

describe('people who took part', () => {
  const event = (type: string, data: JsonObject, id = 'process', kind: 'user' | 'process' = 'user'): RecordedEvent => {
    const one = recorded(1, type, data);
    return { ...one, metadata: { ...one.metadata, actor: { kind, id } } };
  };

  it('are all of ours with a hand in the case, also for a verdict that they took back', () => {
    const { people } = foldRecorded(peopleOfCase, [
      event('CaseOpened', {}, 'case-opening', 'process'),
      event('CaseClaimed', { reviewer: 'rev-1' }, 'rev-1'),
      event('VerdictGiven', { reviewer: 'rev-4' }, 'rev-4'),
      event('VerdictWithdrawn', { reviewer: 'rev-4' }, 'rev-4'),
      event('VerdictGiven', { reviewer: 'rev-9', reviewerSource: '/tool' }, 'tool', 'process'),
      event('ReviewConfirmed', { reviewers: ['rev-5', 'rev-6'], reviewerSources: ['', '/tool'] }, 'x', 'process'),
      { ...event('CaseHeld', {}, 'rev-7'), fault: 'broken' },
    ]);
    expect([...people].sort()).toEqual(['rev-1', 'rev-4', 'rev-5']);
  });

  it('are those who ordered the measure by hand', () => {
    const behind = foldRecorded(peopleBehind, [
      event('AccountSuspended', { enforcementId: 'e-1' }, 'olga'),
      event('AccountSuspended', { enforcementId: 'e-2' }, 'otto'),
      event('AccountDeactivated', { caseId: 'img-1' }, 'enforcing', 'process'),
    ]);
    expect([...imposersOf(behind, 'e-1')]).toEqual(['olga']);
    expect([...imposersOf(behind, 'img-1')]).toEqual([]);
  });
});

import { expect, it } from '@jest/globals';
import { caseFile, vote } from '../../../test/support/case-file.js';
import { CaseOpened } from '../../review/index.js';
import { conflictWith } from './hearing-conflicts.js';

const severities = new Map([
  ['minors', 3],
  ['violent', 2],
]);
const appeal = { deciders: [], filers: [] };

function confirmed(categories: string[], clause: string) {
  const file = caseFile().append([{ type: 'CaseOpened', data: { ...CaseOpened.example, categories } }]);
  return file.append(vote(file.state(), 'rev-1', 'unsafe', { clause })).state();
}

it('keeps appeals about the most severe images to those with the skill, whether flags or verdicts name the clause', () => {
  const of = (state: ReturnType<typeof confirmed>, viewers?: string[]) =>
    conflictWith(
      { appeal, accountId: 'acc-1', imposedBy: new Set(), ofCase: { state, people: new Set(['rev-1']) } },
      'rev-2',
      { severities, ...(viewers && { severeViewers: new Set(viewers) }) },
    );
  for (const state of [confirmed(['minors'], 'violent'), confirmed(['violent'], 'minors')]) {
    expect(of(state, [])).toBe('severe-content');
    expect(of(state, ['rev-2'])).toBeUndefined();
  }
  for (const state of [confirmed(['violent'], 'violent'), confirmed(['unheard-of'], 'violent')])
    expect(of(state, [])).toBeUndefined();
});

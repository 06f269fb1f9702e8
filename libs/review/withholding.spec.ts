import { describe, expect, it } from '@jest/globals';
import { caseFile, flag, vote } from '../../test/support/case-file.js';
import { caseStream } from './case.js';
import { openCase } from './flag-decisions.js';

const panelOf = (panelSize: number) => caseFile().append(openCase(caseStream.initial, flag({ panelSize })));
const WITHHOLD = { withhold: true };

/** The decision of a panel that finds a problem of the model. */
function decision(...withhold: boolean[]) {
  const file = panelOf(withhold.length);
  for (const [n, one] of withhold.entries())
    file.append(vote(file.state(), `rev-${n}`, 'model-problem', one ? WITHHOLD : {}));
  return file.log.at(-1);
}

describe('a verdict of a model’s problem', () => {
  it('may say that the image is to be withheld', () => {
    const [given, found] = vote(panelOf(1).state(), 'rev-1', 'model-problem', WITHHOLD);
    expect(given).toMatchObject({ type: 'VerdictGiven', data: WITHHOLD });
    expect(found).toMatchObject({ type: 'ModelProblemFound', data: WITHHOLD });
  });

  it('withholds the image if most of those who found the problem want that', () => {
    const isWithheld = (...votes: boolean[]) => (decision(...votes)!.data as { withhold?: boolean }).withhold ?? false;
    expect([isWithheld(false), isWithheld(true), isWithheld(true, false)]).toEqual([false, true, false]);
    expect([isWithheld(true, true, false), isWithheld(true, false, false)]).toEqual([true, false]);
  });

  it('asks only those who found the problem', () => {
    const file = panelOf(3);
    file.append(vote(file.state(), 'rev-1', 'safe'));
    file.append(vote(file.state(), 'rev-2', 'model-problem', WITHHOLD));
    expect(vote(file.state(), 'rev-3', 'model-problem', WITHHOLD)[1]).toMatchObject({ data: WITHHOLD });
  });

  it('is the only one that may, also from outside', () => {
    const refused = expect.objectContaining({ code: 'invalid-input' });
    const { state } = panelOf(1);
    expect(() => vote(state(), 'rev-1', 'safe', WITHHOLD)).toThrow(refused);
    expect(() => vote(state(), 'rev-1', 'unsafe', { ...WITHHOLD, reviewerSource: '/tool' })).toThrow(refused);
    expect(vote(state(), 'rev-1', 'safe', { withhold: false })[0]!.data).not.toHaveProperty('withhold');
  });
});

import { describe, expect, it } from '@jest/globals';
import { csv } from '../../cli/rendering/csv.js';
import { modelProblemsExample } from '../queries/model-problems-answer.js';
import { reviewersExample } from '../queries/reviewers-answer.js';
import type { PrevalenceAnswer } from '../queries/show-prevalence.js';
import { disregardedText } from './disregarded-decisions.js';
import { modelProblemsText } from './model-problems.js';
import { prevalenceText } from './prevalence.js';
import { reviewersText } from './reviewers.js';

describe('the figures as text', () => {
  it('show the problems of the model by model and category, also of images without a model', () => {
    const [first] = modelProblemsExample.models;
    const models = [...modelProblemsExample.models, { ...first!, model: null, problems: 0, shareOfGenerated: null }];
    const shown = modelProblemsText({ ...modelProblemsExample, models });
    expect(shown).toMatch(/^MODEL +GENERATED +DECIDED +PROBLEMS/);
    expect(shown).toMatch(/dalle-2 +20,000 +40 +12 +30\.0% \(18\.1% to 45\.4%\) +0\.060% \(0\.034% to 0\.105%\)/);
    expect(shown).toMatch(/\nnot reported +20,000 +40 +0 .*–\n/);
    expect(shown).toMatch(/\ndalle-2 +bias +40 +12/);
  });

  it('show the record of each reviewer, with the system of one who is not ours', () => {
    const [ours] = reviewersExample.items;
    const theirs = { ...ours!, source: '/other', kappa: null, timeToFirstView: null };
    const shown = reviewersText({ ...reviewersExample, items: [ours!, theirs] });
    expect(shown).toMatch(/\nrita +40 +20 +2 +1 +95\.0% \(.*90\.0% \(.*0\.81 +1\.5 min +21\.0 s\n/);
    expect(shown).toMatch(/\nrita \(\/other\) .*–/);
    expect(shown).toContain('0.79 (95% interval 0.70 to 0.88; 120 decided rounds with several verdicts)');
  });

  it('show the shares of the prevalence as plain numbers, from all of them to a few of a million', () => {
    const estimate = { value: 1, low: 0.25, high: 1 };
    const shown = prevalenceText({
      ...{ from: null, to: null, exposed: 0, flaggedBefore: 0, confirmed: 0, unflaggedViolations: null },
      sample: { chosen: 0, decided: 0, unsafe: 0, skipped: 0 },
      prevalence: { value: 0.000002, low: 0, high: 0.0005 },
      ...{ flagRecall: estimate, detectorRecall: null },
    } as PrevalenceAnswer);
    expect(shown).toMatch(/prevalence +0\.000200% \(95% interval 0\.0% to 0\.050%\)/);
    expect(shown).toMatch(/found by flags +100\.0% \(95% interval 25\.0% to 100\.0%\)/);
  });

  it('name the services that disregarded decisions', () => {
    const use = {
      service: '/image-service',
      action: 'generate',
      imageId: 'img-2',
      at: '2022-05-19T10:05:00.000Z',
    } as const;
    const recorded = {
      accounts: 1,
      withheldImages: 0,
      uses: 2,
      services: [{ service: '/image-service', uses: 2 }],
      reasons: [],
      position: '9',
    };
    const uses = [
      { ...use, reason: 'account-deactivated' as const, lateMs: 300_000 },
      { ...use, reason: 'not-onboarded' as const, lateMs: null },
    ];
    const shown = disregardedText({ ...recorded, items: [{ accountId: 'acc-1', uses }], nextCursor: 'abc' });
    expect(shown).toMatch(/^2 uses: of 1 accounts, and of 0 withheld images\n/);
    expect(shown).toMatch(
      /acc-1 +\/image-service +generate +img-2 +account-deactivated +2022-05-19 10:05:00 +5\.0 min\n/,
    );
    expect(shown).toMatch(/not-onboarded .*–\n/);
    expect(shown).toMatch(/there are more: --cursor abc$/);
    expect(disregardedText({ ...recorded, items: [] })).toBe('no service disregarded a decision');
  });
});

it('CSV quotes what has commas or quotes', () => {
  expect(
    csv(
      ['a', 'b'],
      [
        ['x, "y"', null],
        ['z', 1.5],
      ],
    ),
  ).toBe('a,b\n"x, ""y""",\nz,1.5');
});

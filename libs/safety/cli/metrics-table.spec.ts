import { describe, expect, it } from '@jest/globals';
import { metricsText, shareText } from './metrics-table.js';

describe('the safety metrics', () => {
  const figures = {
    generated: 1_822,
    shared: 0,
    sharedByLink: 4,
    exposed: 0,
    flags: 12,
    flagged: 10,
    cases: { open: 1, confirmed: 3, dismissed: 6, modelProblem: 0 },
    exposedCases: { open: 2, confirmed: 0, dismissed: 0, modelProblem: 0 },
    flaggedShare: null,
    confirmedShare: { hits: 3, of: 9, value: 1 / 3, low: 0.121, high: 0.646 },
    exposedConfirmedShare: null,
    violationRate: null,
    violationRateIfWaiting: null,
    backlog: 1,
    decided: 9,
    deactivated: 2,
    reinstated: 1,
    review: {
      timeToFirstView: { count: 10, p50Ms: 800, p95Ms: 59_999 },
      timeToVerdict: { count: 9, p50Ms: 90_000, p95Ms: 129_600_000 },
      agreement: { fleiss: { value: 0.41, low: 0.2, high: 0.62, cases: 9 }, cohen: null, krippendorff: null },
      deactivationLatency: { count: 2, p50Ms: 12, p95Ms: 40 },
    },
  };

  it('show counts, shares with their interval, and what has no value', () => {
    const shown = metricsText({ whole: figures, groups: [], position: '9' });
    expect(shown).toContain('images generated                      1,822\n');
    expect(shown).toContain('12 on 10 images');
    expect(shown).toContain('33.3% (95% interval 12.1% to 64.6%; 3 of 9 decided cases), 1 undecided\n');
    expect(shown).toMatch(/of exposed images +– \(no decided cases\), 2 undecided\n/);
    expect(shown).toMatch(/images shared by link +4\n/);
    expect(shown).toContain('– (no publicly shared or downloaded images)');
    expect(shown).toContain('2, of which 1 reinstated');
    expect(shown).toContain('p50 800 ms, p95 60.0 s (10 cases)');
    expect(shown).toContain('p50 1.5 min, p95 1.5 d (9 cases)');
    expect(shown).toContain('0.41 (95% interval 0.20 to 0.62; 9 cases with several verdicts)');
    expect(shown).toContain('– (no pairs of reviewers with enough common cases)');
    expect(shown).toContain('p50 12 ms, p95 40 ms (2 deactivations)');
  });

  it('show a row for each group', () => {
    const answer = { whole: figures, groups: [{ group: 'hate', ...figures }], position: '9' };
    expect(metricsText(answer, 'model')).toMatch(/MODEL[\s\S]*\nhate +1,822 +0 +10 /);
    // Images that nobody flagged have neither, so that none are generated of it.
    expect(metricsText(answer, 'clause')).toMatch(/CLAUSE[\s\S]*\nhate +– +0 +10 /);
    expect(metricsText(answer, 'category')).toMatch(
      /CATEGORY[\s\S]*\nhate +– +0 +10 +1 +3 +6 +0 +– +33.3% +1.5 d +0.41 +2$/,
    );
    expect(metricsText({ ...answer, groups: [] }, 'day')).toMatch(/no day has figures yet$/);
  });

  it('give rare shares the digits they need', () => {
    const share = { hits: 5, of: 10_000, value: 0.0005, low: 0, high: 0.012 };
    expect(shareText(share, 'images')).toBe('0.050% (95% interval 0.0% to 1.2%; 5 of 10,000 images)');
  });
});

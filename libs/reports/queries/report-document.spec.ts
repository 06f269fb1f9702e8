import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Figures, ReportPublished } from '../events.js';
import { previousAt } from '../report.js';
import { renderReport, reportDocument } from './report-document.js';

const { example } = ReportPublished;
const published = (figures: Figures, position = 950) => ({
  data: { ...example, reportId: '900', position: 900, figures },
  by: { kind: 'user', id: 'cleo' } as const,
  at: '2022-05-11T09:00:00.000Z',
  position,
});
const named = (name: string, figures: Figures, before?: Figures) =>
  reportDocument({ ...example, figures }, before && published(before)).figures.find((one) => one.name === name)!;

it('says what was published, round, exactly, and with the bounds of the waiting cases', () => {
  const { figures } = reportDocument(example, undefined);
  expect(figures.map(({ words }) => words)).toEqual([
    'Over 1,200 people were onboarded.',
    'Up to 1,000 people a week could be onboarded.',
    'Over 3 million images were made.',
    '900,000 images were downloaded or shared publicly.',
    'Fewer than 0.05% of the images that were downloaded or shared publicly were flagged.',
    'About 30% of those whose case was decided were confirmed by reviewers.',
    'Fewer than 0.02% of the images that were downloaded or shared publicly were confirmed as violations.',
    '105 accounts were deactivated.',
  ]);
  expect(figures[5]).toMatchObject({
    exact: [
      '107 of 358, which is 29.9%',
      expect.stringMatching(/^95% interval: 25\.\d% to 34\.\d%$/),
      'however the 12 waiting cases are decided: 28.9% to 32.2%',
    ],
    share: { hits: 107, of: 358, bounds: { low: 107 / 370, high: 119 / 370 } },
  });
});

it('says that there is nothing to have a share of', () => {
  const none = { ...example.figures, exposed: 0, flagged: 0, decided: 0, confirmed: 0, waiting: 0, violations: 0 };
  expect(named('flagged-share', none)).toMatchObject({ exact: ['0 of 0'], share: { interval: null, bounds: null } });
  expect(named('confirmed-share', none, example.figures).change).toBeNull();
  const { perWeek: _, ...withoutRate } = example.figures;
  expect(named('rate', withoutRate)).toMatchObject({ words: 'No onboarding rate was set.', count: null });
});

it('says how each figure differs from the report before', () => {
  const now = { ...example.figures, people: 1_400, perWeek: 900, confirmed: 179 };
  expect(named('people', now, example.figures).change).toBe('196 more than in the report before (1,204)');
  expect(named('rate', now, example.figures).change).toBe('100 fewer than in the report before (1,000)');
  expect(named('generated', now, example.figures).change).toBe('unchanged since the report before');
  expect(named('confirmed-share', now, example.figures).change).toBe(
    '20.1 percentage points higher than in the report before (107 of 358)',
  );
});

it('has the same text whatever is published later', () => {
  const first = published(example.figures, 1_000);
  const later = published(example.figures, example.position + 1);
  const rendered = (...reports: (typeof first)[]) =>
    renderReport(example, reports, previousAt(reports, example.position));
  const { text, sha256 } = rendered(first);
  expect(rendered(first, later)).toMatchObject({ text, sha256 });
  expect(text).toContain('compared with report 900');
});

it('has the true share between its bounds, however the waiting cases are decided', () => {
  const figures = fc.record({ decided: fc.nat(500), confirmed: fc.nat(500), waiting: fc.nat(500), later: fc.nat(500) });
  fc.assert(
    fc.property(figures, ({ decided, waiting, ...given }) => {
      const [confirmed, later] = [Math.min(given.confirmed, decided), Math.min(given.later, waiting)];
      const flagged = decided + waiting;
      const { share } = named('confirmed-share', { ...example.figures, flagged, decided, confirmed, waiting });
      if (flagged === 0) return expect(share!.bounds).toBeNull();
      const final = (confirmed + later) / flagged;
      expect(final).toBeGreaterThanOrEqual(share!.bounds!.low);
      return expect(final).toBeLessThanOrEqual(share!.bounds!.high);
    }),
    { seed: 42 },
  );
});

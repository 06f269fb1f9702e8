import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { cliFor } from '../support/cli-process.js';
import { startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { describeWithData, FILE_OPTIONS, figuresOf, figuresOfFiles, reviewOf } from '../support/import-figures.js';
import { fleissErrorByHand } from '../support/review-by-hand.js';

const IMPORT_LIMIT_MS = 240_000;

describeWithData('the import of real data, compared with figures computed from the files alone', compareWithFiles);

function compareWithFiles(): void {
  let gatehouse: TestGatehouse;
  let expected: ReturnType<typeof figuresOfFiles>;
  // biome-ignore lint/suspicious/noExplicitAny: answers as they came
  let first: any;
  const importAll = () => {
    const backend = { url: gatehouse.url, token: gatehouse.administratorToken };
    return cliFor(backend).run('import', ...FILE_OPTIONS, '--json');
  };
  const metricsBy = async (by: string) => (await gatehouse.administrator.get(`/v1/safety/metrics?by=${by}`)).body;

  beforeAll(async () => {
    expected = figuresOfFiles();
    gatehouse = await startGatehouse({ background: true });
    const result = await importAll();
    expect(result).toMatchObject({ code: 0, stderr: '' });
    first = result.json();
  }, IMPORT_LIMIT_MS);

  afterAll(() => gatehouse?.close());

  it('accepts every row, and a reviewer’s second vote on a flag as a duplicate', () => {
    const { prompts, flags, reviews, repeatedVotes, people } = expected;
    const taken = (phase: string, accepted: number, duplicate = 0) => ({ phase, accepted, duplicate, quarantined: 0 });
    expect(first.phases).toEqual([
      taken('joins', people),
      taken('images', prompts.length + flags.length),
      taken('flags', flags.length),
      taken('verdicts', reviews.length - repeatedVotes, repeatedVotes),
    ]);
    expect(first.quarantined).toEqual([]);
  });

  it('has the counts, confirmed share and interval of the whole', () => {
    const { whole, prompts, flags, offenders } = expected;
    expect(first.metrics.whole).toEqual({
      generated: prompts.length + flags.length,
      ...figuresOf(whole),
      deactivated: offenders.size,
      reinstated: 0,
      review: expect.anything(),
    });
  });

  it('has the review times and the agreement of the whole', () => {
    const { cases } = expected.whole;
    const { review } = first.metrics.whole;
    expect(review).toMatchObject(reviewOf(cases));
    const { fleiss, cohen } = review.agreement;
    const reach = 1.959963984540054 * fleissErrorByHand(cases);
    expect([fleiss.low, fleiss.high]).toEqual([
      expect.closeTo(fleiss.value - reach, 3),
      expect.closeTo(fleiss.value + reach, 3),
    ]);
    expect(cohen.low).toBeLessThan(cohen.value);
    expect(cohen.high).toBeGreaterThan(cohen.value);
    const { count, p50Ms, p95Ms } = review.deactivationLatency;
    expect(count).toBe(expected.offenders.size);
    expect(p50Ms).toBeGreaterThanOrEqual(0);
    expect(p95Ms).toBeGreaterThanOrEqual(p50Ms);
  });

  it('has the counts and shares of every category', async () => {
    const { groups } = await metricsBy('category');
    const { categories } = expected;
    expect(groups.map(({ group }: { group: string }) => group)).toEqual(Object.keys(categories).sort());
    for (const figures of groups) {
      const counts = categories[figures.group]!;
      expect(figures).toMatchObject({ generated: 0, ...figuresOf(counts), review: reviewOf(counts.cases) });
    }
  });

  it.each(['day', 'week'] as const)('has the counts and shares of every %s', async (by) => {
    const groups: ({ group: string } & Record<string, unknown>)[] = (await metricsBy(by)).groups;
    const ofFiles = by === 'day' ? expected.days : expected.weeks;
    const flagged = groups.filter(({ flagged }) => flagged !== 0);
    expect(flagged.map(({ group }) => group)).toEqual(Object.keys(ofFiles).sort());
    for (const figures of flagged) {
      const counts = ofFiles[figures.group]!;
      expect(figures).toMatchObject({
        generated: counts.flagged,
        ...figuresOf(counts),
        deactivated: 0,
        review: reviewOf(counts.cases),
      });
    }
    // The prompts have no time in the data, so they and the deactivations have the time of the import.
    const rest = groups.filter(({ flagged }) => flagged === 0);
    const sum = (name: string) => rest.reduce((total, figures) => total + Number(figures[name]), 0);
    expect([sum('generated'), sum('deactivated')]).toEqual([expected.prompts.length, expected.offenders.size]);
  });

  it('has no cohort, since nobody was onboarded', async () => {
    expect((await metricsBy('cohort')).groups).toEqual([]);
  });

  it('has deactivated exactly the accounts with a confirmed image', async () => {
    const { body } = await gatehouse.administrator.get('/v1/events?types=AccountDeactivated&limit=2000');
    const accounts = body.events.map(({ data }: { data: { accountId: string } }) => data.accountId);
    expect(accounts.sort()).toEqual([...expected.offenders].sort());
  });

  it(
    'changes nothing when it is repeated',
    async () => {
      const head = async () => (await gatehouse.administrator.get('/v1/status')).body.head;
      const before = { head: await head(), days: await metricsBy('day'), categories: await metricsBy('category') };
      const result = await importAll();
      expect(result.code).toBe(0);
      for (const { accepted, quarantined } of result.json().phases) expect([accepted, quarantined]).toEqual([0, 0]);
      expect(result.json().metrics).toEqual(first.metrics);
      const after = { head: await head(), days: await metricsBy('day'), categories: await metricsBy('category') };
      expect(after).toEqual(before);
      expect((await gatehouse.administrator.get('/v1/quarantine')).body.items).toEqual([]);
    },
    IMPORT_LIMIT_MS,
  );
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { cliFor } from '../support/cli-process.js';
import { startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { startImageService } from '../support/image-service.js';
import { describeWithData, figuresOfFiles, firstFlags } from '../support/import-figures.js';
import { alphaByHand, cohenByHand, fleissByHand, timesByHand } from '../support/review-by-hand.js';
import { noise } from '../support/sample-pictures.js';

const LIMIT_MS = 600_000;
/** All of the data have 1,006, which take minutes: `.ci/run` plays them all. */
const FLAGS = Number(process.env.GATEHOUSE_TEST_FLAGS ?? 100);
const NINE_DIGITS = 9;

describeWithData('reviewers of real data who are played, compared with figures computed from the files alone', () => {
  let gatehouse: TestGatehouse;
  let service: Awaited<ReturnType<typeof startImageService>>;
  let directory: string;
  let files: Awaited<ReturnType<typeof firstFlags>>;
  let expected: ReturnType<typeof figuresOfFiles>;
  // biome-ignore lint/suspicious/noExplicitAny: answers as they came
  let report: any;
  const play = () => {
    const backend = { url: gatehouse.url, token: gatehouse.administratorToken };
    const options = ['--flags', files.flags, '--reviews', files.reviews, '--through-queues', '--json'];
    return cliFor(backend).run('import', ...options);
  };
  const get = async (path: string) => (await gatehouse.administrator.get(path)).body;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'gatehouse-reviews-'));
    files = await firstFlags(FLAGS, directory);
    expected = figuresOfFiles(files);
    const picture = await noise('png', 16, 16);
    service = await startImageService((_, response) => {
      response.setHeader('content-type', 'image/png').end(picture);
    });
    gatehouse = await startGatehouse({ background: true, env: { GATEHOUSE_IMAGE_URL: `${service.url}/{imageId}` } });
    const result = await play();
    expect(result).toMatchObject({ code: 0, stderr: '' });
    report = result.json();
  }, LIMIT_MS);
  afterAll(async () => {
    await gatehouse?.close();
    await service?.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('gives every case to as many reviewers as in the file, each of whom looks at it and judges it', () => {
    const { reviews, repeatedVotes } = expected;
    const votes = reviews.length - repeatedVotes;
    const reviewers = new Set(reviews.map(([, reviewer]) => reviewer)).size;
    expect(report.judged).toMatchObject({ reviewers, verdicts: votes, repeated: repeatedVotes, revealed: votes });
    expect(report.judged).toMatchObject({ renewed: 0, lost: 0, notShown: 0 });
    expect(report.phases.map(({ phase }: { phase: string }) => phase)).toEqual(['joins', 'images', 'flags']);
  });

  it('decides each by the majority', async () => {
    const { whole, offenders } = expected;
    const { confirmed, dismissed } = whole;
    expect(report.metrics.whole).toMatchObject({
      cases: { open: 0, confirmed, dismissed, modelProblem: 0 },
      confirmedShare: { hits: confirmed, of: confirmed + dismissed },
      deactivated: offenders.size,
    });
    const { events } = await get('/v1/events?types=AccountDeactivated&limit=2000');
    const accounts = events.map(({ data }: { data: { accountId: string } }) => data.accountId);
    expect(accounts.sort()).toEqual([...offenders].sort());
  });

  it('has the agreement of all: Fleiss’ kappa, Cohen’s of pairs and Krippendorff’s alpha', async () => {
    const { cases } = expected.whole;
    expect(report.metrics.whole.review.agreement).toMatchObject({
      fleiss: { value: expect.closeTo(fleissByHand(cases)!, NINE_DIGITS), cases: cases.length },
      cohen: { value: expect.closeTo(cohenByHand(cases)!.value, NINE_DIGITS), pairs: cohenByHand(cases)!.pairs },
    });
    const { krippendorff } = (await get('/v1/metrics/reviewers')).agreement;
    expect(krippendorff).toMatchObject({
      value: expect.closeTo(alphaByHand(cases), NINE_DIGITS),
      cases: cases.length,
      verdicts: cases.flat().length,
    });
  });

  it('has the verdicts and the agreement of every reviewer', async () => {
    const { cases } = expected.whole;
    const { items } = await get('/v1/metrics/reviewers');
    const names = [...new Set(cases.flat().map(({ reviewer }) => reviewer))].sort();
    expect(items.map(({ reviewer }: { reviewer: string }) => reviewer)).toEqual(
      names.map((name) => `nibbler-reviewer-${name}`),
    );
    for (const [place, name] of names.entries()) {
      const judged = cases.flatMap((one) => {
        const own = one.find(({ reviewer }) => reviewer === name);
        const isConfirmed = one.filter(({ verdict }) => verdict === 'unsafe').length * 2 > one.length;
        return own ? [{ verdict: own.verdict, agrees: (own.verdict === 'unsafe') === isConfirmed }] : [];
      });
      const kappa = cohenByHand(cases, name);
      const { hits, of } = items[place].agreementWithDecision;
      expect({ name, hits, of }).toEqual({
        name,
        hits: judged.filter(({ agrees }) => agrees).length,
        of: judged.length,
      });
      expect(items[place].verdicts).toMatchObject({
        safe: judged.filter(({ verdict }) => verdict === 'safe').length,
        unsafe: judged.filter(({ verdict }) => verdict === 'unsafe').length,
      });
      expect(items[place].kappa).toEqual(
        kappa && expect.objectContaining({ value: expect.closeTo(kappa.value, NINE_DIGITS), pairs: kappa.pairs }),
      );
    }
  });

  it('has how long everybody took', async () => {
    const verdicts = expected.whole.cases.flat();
    for (const { reviewer, answerTime } of (await get('/v1/metrics/reviewers')).items) {
      const own = verdicts.filter((one) => reviewer === `nibbler-reviewer-${one.reviewer}`);
      expect({ reviewer, ...answerTime }).toEqual({ reviewer, ...timesByHand(own.map(({ afterMs }) => afterMs)) });
    }
  });

  it('leaves the queues as they were, and changes nothing when it is repeated', async () => {
    expect((await get('/v1/queues')).queues).toMatchObject([{ id: 'default', open: 0 }]);
    const before = await get('/v1/safety/metrics?by=day');
    const again = await play();
    expect(again).toMatchObject({ code: 0 });
    expect(again.json().judged).toMatchObject({ verdicts: 0, revealed: 0 });
    for (const { accepted } of again.json().phases) expect(accepted).toBe(0);
    expect({ ...(await get('/v1/safety/metrics?by=day')), position: before.position }).toEqual(before);
  });
});

describeWithData('reviewers who take their time', () => {
  const LEASE_MS = 1_000;
  const PACE = 100;

  it(
    'renew their claims, so that those who take longer than a lease judge as well',
    async () => {
      const directory = await mkdtemp(join(tmpdir(), 'gatehouse-reviews-'));
      const env = { GATEHOUSE_CLAIM_LEASE_MS: String(LEASE_MS) };
      const gatehouse = await startGatehouse({ background: true, env });
      try {
        const { flags, reviews } = await firstFlags(2, directory);
        const backend = { url: gatehouse.url, token: gatehouse.administratorToken };
        const options = ['--flags', flags, '--reviews', reviews, '--through-queues', '--pace', String(PACE), '--json'];
        const result = await cliFor(backend).run('import', ...options);
        expect(result).toMatchObject({ code: 0, stderr: '' });
        const { whole } = figuresOfFiles({ flags, reviews });
        const verdicts = whole.cases.flat();
        const slow = verdicts.filter(({ afterMs }) => afterMs / PACE > LEASE_MS);
        expect(slow.length).toBeGreaterThan(0);
        const { judged, metrics } = result.json();
        expect(judged).toMatchObject({ verdicts: verdicts.length, notShown: expect.any(Number) });
        expect(judged.renewed).toBeGreaterThanOrEqual(slow.length);
        expect(metrics.whole.cases).toMatchObject({ open: 0, confirmed: whole.confirmed, dismissed: whole.dismissed });
      } finally {
        await gatehouse.close();
        await rm(directory, { recursive: true, force: true });
      }
    },
    LIMIT_MS,
  );
});

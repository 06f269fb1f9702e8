import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { foldView, recorded } from '../../../test/support/fold-view.js';
import type { JsonObject, RecordedEvent } from '../../kernel/envelope.js';
import { MAX_FLAGS_COUNTED, safetyImagesView } from './safety-images.js';

const at = (day: number, hour = 12) => new Date(Date.UTC(2022, 4, day, hour)).toISOString();
let position = 0;
const event = (type: string, data: JsonObject, time: string, id?: string) =>
  recorded(++position, type, data, { time, ...(id && { id }) });
const imageId = 'i';
const generated = event('ImageGenerated', { imageId, accountId: 'a', model: 'dalle-2' }, at(16));
const downloaded = event('ImageDownloaded', { imageId }, at(17));
const shared = event('ImageShared', { imageId, accountId: 'a' }, at(18));
const flag = (day: number, categories: string[], id: string) =>
  event('ContentFlagged', { imageId, flaggedBy: 'b', flaggerKind: 'user', categories }, at(day), id);
const first = flag(19, ['violent', 'hate'], 'flag-1');
const second = flag(20, ['hate'], 'flag-2');
const opened = (round: number, day: number) => event('CaseOpened', { caseId: imageId, imageId, round }, at(day));
const dismissed = event('ReviewDismissed', { caseId: imageId, imageId, round: 1 }, at(21));
const confirmed = event(
  'ReviewConfirmed',
  { caseId: imageId, imageId, accountId: 'a', round: 2, clause: 'hate' },
  at(23),
);
const story = [generated, downloaded, shared, first, opened(1, 19), second, dismissed, opened(2, 22), confirmed];

const fold = (events: readonly RecordedEvent[]) => foldView(safetyImagesView, events);

/** The items in any order, some of them repeated. */
const deliveries = <Item>(items: readonly Item[]) =>
  fc
    .tuple(
      fc.shuffledSubarray([...items], { minLength: items.length }),
      fc.array(fc.constantFrom(...items), { maxLength: 10 }),
    )
    .map(([all, repeats]) => [...repeats, ...all]);

describe('the safety-images view', () => {
  it('has the facts, flags and case of an image', () => {
    expect(fold(story).rows[imageId]).toEqual({
      image_id: imageId,
      account_id: 'a',
      generated_at: Date.parse(at(16)),
      model: 'dalle-2',
      photorealistic_faces: false,
      shared_at: Date.parse(at(18)),
      link_shared_at: null,
      named_account_id: 'a',
      named_position: 1,
      exposed_at: Date.parse(at(17)),
      exposed_position: downloaded.position,
      exposed_stored_at: Date.parse(at(17)),
      flagged_at: Date.parse(at(19)),
      labelled_stored_at: Date.parse(at(19)),
      round_stored_at: Date.parse(at(22)),
      flag_count: 2,
      flags: [
        { id: 'flag-1', categories: ['hate', 'violent'] },
        { id: 'flag-2', categories: ['hate'] },
      ],
      categories: ['hate', 'violent'],
      case_status: 'confirmed',
      case_round: 2,
      decided_at: Date.parse(at(23)),
      clause: 'hate',
      detected: false,
      sample_per_million: null,
    });
  });

  it('exposes an image by a public share or a download, and counts shares with another audience apart', () => {
    const share = (day: number, audience?: string) =>
      event('ImageShared', { imageId, accountId: 'a', ...(audience && { audience }) }, at(day));
    const byLink = [share(17, 'link'), share(18, 'friends'), share(19, 'link')];
    expect(fold(byLink).counters.all).toEqual({ shared: 1, shared_by_link: 1 });
    expect(fold(byLink).rows[imageId]).toMatchObject({ link_shared_at: Date.parse(at(17)), exposed_at: null });
    expect(fold([...byLink, share(20)]).counters).toMatchObject({
      'day:2022-05-17': { shared: 1, shared_by_link: 1 },
      'day:2022-05-20': { exposed: 1 },
    });
    expect(fold([share(16, 'public')]).counters.all).toEqual({ shared: 1, exposed: 1 });
    const all = [...byLink, share(20), share(16, 'public'), downloaded];
    const expected = fold(all);
    fc.assert(
      fc.property(deliveries(all), (events) => expect(fold(events)).toEqual(expected)),
      { seed: 12 },
    );
  });

  it('keeps what the earliest claim says of the model and of photorealistic faces, in any order', () => {
    const claim = (day: number, accountId: string, facts: JsonObject) =>
      event('ImageGenerated', { imageId, accountId, ...facts }, at(day));
    const claims = [
      claim(16, 'b', { model: 'dalle-3', photorealistic: true, faces: true }),
      claim(16, 'a', { model: 'dalle-2', photorealistic: true }),
      claim(16, 'a', { model: 'dalle-1', photorealistic: true, faces: true }),
      claim(16, 'a', {}),
      claim(17, 'a', { model: 'dalle-0' }),
    ];
    fc.assert(
      fc.property(deliveries(claims), (events) => {
        const row = fold(events).rows[imageId];
        expect(row).toMatchObject({ account_id: 'a', model: 'dalle-1', photorealistic_faces: true });
      }),
      { seed: 12 },
    );
    expect(fold([claims[0]!, claims[1]!]).rows[imageId]).toMatchObject({ photorealistic_faces: false });
  });

  it('counts a confirmation until a later round of its case overturns it, or confirms it again', () => {
    const reopened = event('CaseReopened', { caseId: imageId, round: 3 }, at(24));
    const after = (...more: ReturnType<typeof event>[]) => fold([...story, reopened, ...more]).rows[imageId];
    expect(after()).toEqual(fold(story).rows[imageId]);
    const upheld = event('ReviewUpheld', { caseId: imageId, imageId, round: 3, clause: 'gore' }, at(25));
    expect(after(upheld)).toEqual({ ...fold(story).rows[imageId], case_round: 3, clause: 'gore' });
    expect(after(upheld, reopened, upheld)).toEqual(after(upheld));
    const overturned = event(
      'ReviewOverturned',
      { caseId: imageId, imageId, round: 2, reason: 'case-reopened' },
      at(25),
    );
    const dismissed = event('ReviewDismissed', { caseId: imageId, imageId, round: 3 }, at(25));
    expect(after(overturned, dismissed)).toMatchObject({ case_status: 'dismissed', case_round: 3, clause: null });
  });

  describe('since when it is known as a possible violation', () => {
    const known = (...events: ReturnType<typeof event>[]) => {
      const { labelled_stored_at, round_stored_at } = fold(events).rows[imageId]!;
      return [labelled_stored_at, round_stored_at].map((time) => time && new Date(time).getUTCDate());
    };
    const reopened = (day: number, undoes?: string) =>
      event('CaseReopened', { caseId: imageId, round: 2, ...(undoes && { undoes }) }, at(day));

    it('is by when the log stored the first flag, whatever time its sender claims', () => {
      const claimed = { ...first, metadata: { ...first.metadata, time: at(1) } };
      expect(known(downloaded, claimed, second)).toEqual([19, null]);
      expect(fold([downloaded, claimed]).rows[imageId]).toMatchObject({ flagged_at: Date.parse(at(1)) });
    });

    it('is by the confirmation of what a sample alone has found', () => {
      const found = event('ReviewConfirmed', { caseId: imageId, imageId, round: 1 }, at(22));
      expect(known(downloaded, opened(1, 18))).toEqual([null, null]);
      expect(known(downloaded, opened(1, 18), found, flag(25, [], 'flag-9'))).toEqual([22, null]);
    });

    it('is by the last round that took up a case which was not confirmed, and not by one that a job undone had closed', () => {
      expect(known(first, opened(1, 19), dismissed, opened(2, 22))).toEqual([19, 22]);
      expect(known(first, opened(1, 19), dismissed, reopened(23))).toEqual([19, 23]);
      expect(known(first, opened(1, 19), dismissed, reopened(23, 'job-1'))).toEqual([19, null]);
      const again = event('ReviewConfirmed', { caseId: imageId, imageId, round: 1 }, at(21));
      expect(known(first, opened(1, 19), again, reopened(23))).toEqual([19, null]);
    });
  });

  it('counts the decided cases of exposed images by their outcome', () => {
    const problem = event('ModelProblemFound', { caseId: imageId, imageId, round: 1 }, at(21));
    expect(fold([shared, first, opened(1, 19)]).counters.all).not.toHaveProperty('exposed_open');
    expect(fold([shared, first, opened(1, 19), dismissed]).counters.all).toMatchObject({ exposed_dismissed: 1 });
    expect(fold([shared, first, opened(1, 19), problem]).counters.all).toMatchObject({ exposed_model_problem: 1 });
  });

  it('counts a problem of the model apart, and a reopened case as open', () => {
    const problem = event('ModelProblemFound', { caseId: imageId, imageId, round: 1 }, at(21));
    const reopened = event('CaseReopened', { caseId: imageId, round: 2 }, at(22));
    const before = [generated, first, opened(1, 19)];
    expect(fold([...before, problem]).counters.all).toMatchObject({ flagged: 1, cases_model_problem: 1 });
    expect(fold([...before, problem, reopened]).counters.all).toMatchObject({ flagged: 1, cases_open: 1 });
    expect(fold([...before, problem, reopened, confirmed]).counters.all).toMatchObject({ cases_confirmed: 1 });
    fc.assert(
      fc.property(deliveries([...before, problem, reopened]), (events) => {
        expect(fold(events).rows[imageId]).toMatchObject({ case_status: 'open', case_round: 2 });
      }),
    );
  });

  it('counts exposure on the day of the first exposure, and flags and cases on the day of the first flag', () => {
    const exposure = { exposed: 1, exposed_flagged: 1, exposed_confirmed: 1 };
    const review = { flags: 2, flagged: 1, cases_confirmed: 1 };
    expect(fold(story).counters).toEqual({
      all: { generated: 1, shared: 1, ...exposure, ...review },
      'day:2022-05-16': { generated: 1 },
      'day:2022-05-17': exposure,
      'day:2022-05-18': { shared: 1 },
      'day:2022-05-19': review,
      'week:2022-W20': { generated: 1, shared: 1, ...exposure, ...review },
      'category:hate': { ...exposure, ...review },
      'category:violent': { ...exposure, ...review, flags: 1 },
    });
  });

  it('counts an image once in the flagged share, however often it is flagged and shared', () => {
    const flags = [1, 2, 3, 4, 5].map((n) => flag(20, ['hate'], `flag-${n}`));
    const again = event('ImageShared', { imageId, accountId: 'a' }, at(24));
    expect(fold([shared, again, ...flags]).counters.all).toEqual({
      shared: 1,
      exposed: 1,
      exposed_flagged: 1,
      flags: 5,
      flagged: 1,
    });
  });

  it('has the same rows and counters for any order of delivery and any repeats', () => {
    const sharedAgain = event('ImageShared', { imageId, accountId: 'a' }, at(24));
    const downloadedAgain = event('ImageDownloaded', { imageId }, at(25));
    const expected = fold(story);
    fc.assert(
      fc.property(deliveries([...story, sharedAgain, downloadedAgain]), (events) =>
        expect(fold(events)).toEqual(expected),
      ),
    );
  });

  it('moves a case from open to dismissed to open to confirmed in the counters', () => {
    const statusAfter = (count: number) =>
      Object.keys(fold(story.slice(0, count)).counters.all!).filter((name) => name.startsWith('cases_'));
    expect(statusAfter(4)).toEqual([]);
    expect(statusAfter(5)).toEqual(['cases_open']);
    expect(statusAfter(7)).toEqual(['cases_dismissed']);
    expect(statusAfter(8)).toEqual(['cases_open']);
    expect(statusAfter(9)).toEqual(['cases_confirmed']);
  });

  it('has whether it was chosen at random, and counts a violation that only that found', () => {
    const sampled = event('ImageSampled', { imageId, perMillion: 200 }, at(17));
    const confirmed = event('ReviewConfirmed', { caseId: imageId, imageId, round: 1 }, at(20));
    const found = [generated, downloaded, sampled, opened(1, 17), confirmed];
    expect(fold(found).rows[imageId]).toMatchObject({ sample_per_million: 200, detected: false });
    expect(fold(found).counters.all).toEqual({ generated: 1, exposed: 1, exposed_confirmed_sampled: 1 });
    expect(fold(found.filter((one) => one !== sampled)).counters.all).toEqual({ generated: 1, exposed: 1 });
    const inSample = { sampled: 1, sampled_decided: 1, sampled_confirmed: 1 };
    expect(fold(found).counters['sample:2022-05-17:200']).toEqual(inSample);
    // A later flag leaves it there; one from before the exposure takes it out of the frame.
    expect(fold([...found, first]).counters['sample:2022-05-17:200']).toEqual(inSample);
    const before = event(
      'ContentFlagged',
      { imageId, flaggedBy: 'b', flaggerKind: 'user', categories: [] },
      at(16, 18),
    );
    expect(fold([...found, before]).counters).not.toHaveProperty('sample:2022-05-17:200');
    expect(fold([...found, before]).counters['day:2022-05-17']).toMatchObject({
      exposed_flagged_before: 1,
      exposed_confirmed_before: 1,
    });
    const byDetector = event(
      'ContentFlagged',
      { imageId, flaggedBy: 'd', flaggerKind: 'detector', categories: [] },
      at(19),
    );
    const both = fold([...found, byDetector]);
    expect(both.rows[imageId]!.detected).toBe(true);
    expect(both.counters.all).toMatchObject({
      exposed_flagged: 1,
      exposed_confirmed: 1,
      exposed_confirmed_detected: 1,
    });
    expect(both.counters.all).not.toHaveProperty('exposed_confirmed_sampled');
    const skipped = event('ImageSampled', { imageId, perMillion: 200, isSkipped: true }, at(17));
    expect(fold([skipped]).rows[imageId]!.sample_per_million).toBe(0);
    expect(fold([downloaded, skipped]).counters['sample:2022-05-17:0']).toEqual({ sampled: 1 });
  });

  it('keeps the same flags of an image beyond the limit, in whatever order they come', () => {
    const many = Array.from({ length: MAX_FLAGS_COUNTED + 20 }, (_, n) =>
      flag(20, [n < 10 ? 'hate' : 'bias'], `flag-${String(n).padStart(5, '0')}`),
    );
    const expected = fold(many);
    expect(expected.rows[imageId]!.flag_count).toBe(MAX_FLAGS_COUNTED);
    expect(fold([...many].reverse())).toEqual(expected);
    expect(fold([...many, ...many])).toEqual(expected);
  });

  it('returns the same row if nothing changes, so that nothing is written', () => {
    const rows = fold(story).rows;
    for (const one of story) expect(safetyImagesView.evolve(rows[imageId], one, imageId)).toBe(rows[imageId]);
  });
});

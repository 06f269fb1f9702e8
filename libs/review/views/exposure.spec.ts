import { describe, expect, it } from '@jest/globals';
import { foldView, recorded, replay } from '../../../test/support/fold-view.js';
import { exposureView } from './exposure.js';

const time = (minute: number) => new Date(Date.UTC(2022, 4, 18, 23, 55 + minute)).toISOString();
const look = (position: number, level: string, more = {}) =>
  recorded(position, 'ContentViewed', { caseId: 'img-1', level, reason: 'r', ...more }, { time: time(position) });
const rest = (position: number, reviewer = 'spec') =>
  recorded(position, 'BreakTaken', { reviewer }, { time: time(position) });

const history = [
  look(1, 'prompt'),
  look(2, 'full'),
  look(3, 'full', { severeClause: 'minors' }),
  rest(4),
  look(6, 'grey'),
  look(7, 'full'),
  rest(8, 'rob'),
  look(9, 'preview', { severeClause: 'minors' }),
];

const claim = (position: number, isSevere?: boolean) =>
  recorded(position, 'CaseClaimed', {
    ...{ caseId: `img-${position}`, reviewer: 'rev-1', until: time(position) },
    ...(isSevere !== undefined && { isSevere }),
  });

describe('the exposure view', () => {
  it('counts the severe cases that somebody claimed in a row, and renewals not at all', () => {
    const inARow = (...claims: (boolean | undefined)[]) => {
      const events = claims.map((isSevere, n) => claim(n + 1, isSevere));
      const { once, replayed } = replay(exposureView, events);
      expect(replayed).toEqual(once);
      const { rows, counters } = foldView(exposureView, events);
      expect(counters).toEqual({});
      return rows['all rev-1']?.severe_in_a_row;
    };
    expect([inARow(true, true, undefined, true), inARow(true, false), inARow(true, false, true)]).toEqual([3, 0, 1]);
    expect(inARow(undefined)).toBeUndefined();
  });

  it('counts by reviewer and day, and since the last break', () => {
    const { rows } = foldView(exposureView, history);
    expect(Object.keys(rows)).toEqual(['2022-05-18 spec', '2022-05-19 rob', '2022-05-19 spec', 'all rob', 'all spec']);
    expect(rows['2022-05-18 spec']).toMatchObject({ prompts: 1, images_full: 2, images_severe: 1, breaks: 1 });
    expect(rows['2022-05-19 spec']).toMatchObject({
      ...{ images_previewed: 1, images_grey: 1, images_full: 1, images_severe: 1 },
      ...{ breaks: 0, stretch_since: null },
    });
    expect(rows['all spec']).toMatchObject({
      ...{ day: null, prompts: 1, images_grey: 1, images_full: 3, images_severe: 2, breaks: 1 },
      ...{ stretch_since: Date.parse(time(6)), stretch_until: Date.parse(time(7)), stretch_full: 1 },
    });
    expect(rows['all rob']).toMatchObject({ breaks: 1, stretch_since: null });
  });

  it('sums the days over all reviewers', () => {
    expect(foldView(exposureView, history).counters).toEqual({
      '2022-05-18': expect.objectContaining({ reviewers: 1, images_full: 2, breaks: 1 }),
      '2022-05-19': expect.objectContaining({ reviewers: 2, images_full: 1, images_grey: 1, breaks: 1 }),
    });
  });

  it('leaves out who reads quarantine', () => {
    const read = recorded(1, 'ContentViewed', { entryId: 'entry-1', level: 'quarantined' });
    expect(foldView(exposureView, [read]).rows).toEqual({});
  });

  it('is the same after a replay', () => {
    const { once, replayed } = replay(exposureView, history);
    expect(replayed).toEqual(once);
  });
});

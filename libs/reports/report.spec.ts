import { expect, it } from '@jest/globals';
import { recordedOf } from '../../test/support/fold-view.js';
import { foldRecorded } from '../kernel/decider.js';
import { ReportPublished } from './events.js';
import { previousAt, previousOf, publishReport, reportsStream } from './report.js';

const data = { ...ReportPublished.example };
const published = foldRecorded(reportsStream, [
  recordedOf(1_000, ReportPublished, { reportId: '900', position: 900 }),
  recordedOf(1_050, ReportPublished),
]);

it('publishes a report', () => {
  expect(publishReport([], data)).toEqual([{ type: 'ReportPublished', data }]);
  const next = { ...data, reportId: '1200', position: 1_200 };
  expect(publishReport(published, next)).toEqual([{ type: 'ReportPublished', data: next }]);
});

it('publishes the same report once, also if newer ones were published since', () => {
  expect(publishReport(published, data)).toEqual([]);
  expect(publishReport(published, { ...data, reportId: '900', position: 900 })).toEqual([]);
});

it('refuses another text as of the same position, and an older position than the last', () => {
  const sha256 = data.sha256.replaceAll('d', 'e');
  expect(() => publishReport(published, { ...data, sha256 })).toThrow('was published with another text');
  expect(() => publishReport(published, { ...data, reportId: '1001', position: 1_001 })).toThrow('1045 is newer than');
  const before = { ...data, reportId: '1100', position: 1_100, asOf: '2022-05-17T09:00:00.000Z' };
  expect(() => publishReport(published, before)).toThrow('1045 is newer than');
});

it('follows the reports of before a move of the log, of which the positions were others', () => {
  const next = { ...data, reportId: '12', position: 12, asOf: '2022-06-01T09:00:00.000Z' };
  expect(publishReport(published, next)).toEqual([{ type: 'ReportPublished', data: next }]);
  // As of the position 900, none was published by then at the positions that the events have now.
  const moved = published.map((one, n) => ({ ...one, position: 3 + n }));
  expect(previousAt(moved, data.position)?.data.reportId).toBe('1045');
  expect(previousOf(moved, { ...data, previous: '900' })).toMatchObject({ data: { reportId: '900' }, position: 901 });
  const { previousPublishedAt: _, ...earlier } = data;
  expect(previousOf(moved, { ...earlier, previous: '900' })?.position).toBe(3);
  const { previous: __, ...first } = data;
  expect(previousOf(moved, first)).toBeUndefined();
});

it('compares with the last report that was published by the position', () => {
  const idAt = (position: number) => previousAt(published, position)?.data.reportId;
  expect([999, 1_000, 1_049, 1_050, 5_000].map(idAt)).toEqual([undefined, '900', '900', '1045', '1045']);
});

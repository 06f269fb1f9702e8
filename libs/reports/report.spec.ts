import { expect, it } from '@jest/globals';
import { recordedOf } from '../../test/support/fold-view.js';
import { foldRecorded } from '../kernel/decider.js';
import { ReportPublished } from './events.js';
import { previousAt, publishReport, reportsStream } from './report.js';

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
});

it('compares with the last report that was published by the position', () => {
  const idAt = (position: number) => previousAt(published, position)?.data.reportId;
  expect([999, 1_000, 1_049, 1_050, 5_000].map(idAt)).toEqual([undefined, '900', '900', '1045', '1045']);
});

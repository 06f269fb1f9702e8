import { expect, it } from '@jest/globals';
import { recordedOf } from '../../test/support/fold-view.js';
import { foldRecorded } from '../kernel/decider.js';
import { ExportStarted } from './events.js';
import { exportStream, makeExport, rowsFor } from './export.js';

const data = ExportStarted.example;
const made = foldRecorded(exportStream, [recordedOf(1, ExportStarted)]);
const { by } = made!;

it('makes an export, once', () => {
  expect(makeExport(undefined, data, 'cleo')).toEqual([{ type: 'ExportStarted', data }]);
  expect(makeExport(made, { ...data, to: 2_000 }, by)).toEqual([]);
});

it('refuses the id of an export of something else or of somebody else', () => {
  expect(() => makeExport(made, { ...data, dataset: 'cases' }, by)).toThrow('is of decisions and was made by');
  expect(() => makeExport(made, data, 'somebody')).toThrow('choose another id');
});

it('gives rows to who made it', () => {
  expect(rowsFor(made, data.exportId, by)).toEqual(data);
  expect(() => rowsFor(made, data.exportId, 'somebody')).toThrow('make one of your own');
  expect(() => rowsFor(undefined, 'none', by)).toThrow('there is no export none');
});

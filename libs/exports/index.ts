import type { Context } from '../context/context.js';
import { exportEvents } from './events.js';
import { exportStream } from './export.js';
import { MakeExportController, MakeExportHandler } from './features/make-export.js';
import { Datasets } from './queries/datasets.js';
import { ExportRowsController, ReadExportRowsHandler } from './queries/export-rows.js';
import { exportsAgain } from './queries/exports-again.js';
import { ListExportsController, ListExportsHandler } from './queries/list-exports.js';
import { exportsView } from './views/exports.js';

export const exportsContext: Context = {
  name: 'exports',
  events: exportEvents,
  streams: [exportStream],
  decisionsAgain: [exportsAgain],
  views: [exportsView],
  commands: [MakeExportHandler, ReadExportRowsHandler, ListExportsHandler],
  routes: [
    {
      name: 'Exports',
      description:
        'Events, decisions, cases, accounts and content moderation of a range of the log, as rows that are the same whenever they are read. Each export is an event.',
      controllers: [MakeExportController, ListExportsController, ExportRowsController],
    },
  ],
  services: [Datasets],
};

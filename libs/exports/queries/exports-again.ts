import { type DecisionsAgain, decisionsAgain } from '../../context/decisions-again.js';
import { exportStream, makeExport } from '../export.js';

export const exportsAgain: DecisionsAgain = decisionsAgain(exportStream, {
  ExportStarted: {
    rules: { 'export-differs': 'id-new' },
    decide: (state, data, { actor }) => makeExport(state, data, actor.id),
  },
});

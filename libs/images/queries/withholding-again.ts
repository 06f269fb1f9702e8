import { type DecisionsAgain, decisionsAgain } from '../../context/decisions-again.js';
import {
  replaceFinding,
  restoreImage,
  restoreOverturned,
  withholdForModelProblem,
  withholdImage,
  withholdingStream,
} from '../image-withholding.js';

export const withholdingAgain: DecisionsAgain = decisionsAgain(withholdingStream, {
  ImageWithheld: {
    rules: {},
    async decide(state, { imageId, caseId, cause, round }, { together, find }) {
      const finding = await find(together[0]!.metadata.causationid);
      if (!finding) return undefined;
      if (cause === 'model-problem' && round !== undefined)
        return withholdForModelProblem(state, { imageId, caseId, round }, finding.position);
      return withholdImage(state, { imageId, caseId, ...(round !== undefined && { round }) }, finding.position);
    },
  },
  ImageRestored: {
    rules: { 'violation-confirmed': 'allowed-to-restore-it' },
    decide(state, { imageId, reason, round }, { actor }) {
      if (round === undefined) return restoreImage(state, { imageId, reason }, actor.role !== 'lead');
      const restore = state.cause === 'model-problem' ? replaceFinding : restoreOverturned;
      return restore(state, { imageId, reason, round });
    },
  },
});

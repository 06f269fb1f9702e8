import { type DecisionsAgain, decisionsAgain } from '../../context/decisions-again.js';
import { policyUseStream, recordPolicyUse } from '../policy-use.js';
import { chooseImage, sampleStream } from '../prevalence-sample.js';

/** Whether an image is chosen is a hash under a key that no event has. */
export const samplesAgain: DecisionsAgain = decisionsAgain(sampleStream, {
  ImageSampled: {
    rules: {},
    decide: (state, { imageId, perMillion, isSkipped = false }) =>
      chooseImage(state, { imageId, perMillion, isFull: isSkipped }),
  },
});

export const policyUsesAgain: DecisionsAgain = decisionsAgain(policyUseStream, {
  PolicyDisregarded: { rules: {}, decide: (state, data) => recordPolicyUse(state, data) },
});

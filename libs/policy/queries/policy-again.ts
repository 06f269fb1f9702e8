import { type DecisionsAgain, decisionsAgain } from '../../context/decisions-again.js';
import { policyStream, publishPolicy, withdrawPolicy } from '../policy.js';

export const policyAgain: DecisionsAgain = decisionsAgain(policyStream, {
  ContentPolicyPublished: {
    rules: {
      'invalid-input': 'clause-ids-distinct',
      'effective-date-past': 'effective-date-ahead',
      'policy-withdrawn': 'version-not-withdrawn',
      'policy-superseded': 'version-not-superseded',
      'policy-published': 'version-new',
    },
    decide: (state, data, { now }) => publishPolicy(state, data, now),
  },
  ContentPolicyWithdrawn: {
    rules: {
      'policy-unknown': 'version-known',
      'policy-counts': 'nobody-relies-on-it',
      'policy-needed': 'another-version-in-force',
    },
    decide: (state, data, { now }) => withdrawPolicy(state, data, now),
  },
});

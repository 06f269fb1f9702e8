import { type DecisionsAgain, decisionsAgain } from '../../context/decisions-again.js';
import { resumeAction, suspendAction, switchesStream } from '../switches.js';

export const switchesAgain: DecisionsAgain = decisionsAgain(switchesStream, {
  ActionSuspended: {
    rules: { 'invalid-input': 'scope-possible', 'suspension-over': 'end-ahead' },
    decide: (state, { until, ...given }, { now }) =>
      suspendAction(state, { ...given, until: until === undefined ? undefined : Date.parse(until) }, now),
  },
  ActionResumed: {
    rules: { 'invalid-input': 'scope-possible' },
    decide: (state, data, { now }) => resumeAction(state, data, now),
  },
});

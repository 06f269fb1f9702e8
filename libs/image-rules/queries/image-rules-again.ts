import { type DecisionsAgain, decisionsAgain } from '../../context/decisions-again.js';
import type { ImageRuleEvent } from '../events.js';
import { type ChangeImageRule, imageRulesStream, liftImageRule, setImageRule } from '../image-rules.js';

const RULES = { 'rule-over': 'end-after-beginning', 'invalid-input': 'beginning-ahead' };

const changeOf = ({ from, until, ...given }: ImageRuleEvent['data']): ChangeImageRule => ({
  ...given,
  ...(from !== undefined && { from: Date.parse(from) }),
  ...(until !== undefined && { until: Date.parse(until) }),
});

export const imageRulesAgain: DecisionsAgain = decisionsAgain(imageRulesStream, {
  ImageRuleSet: { rules: RULES, decide: (state, data, { now }) => setImageRule(state, changeOf(data), now) },
  ImageRuleLifted: { rules: RULES, decide: (state, data, { now }) => liftImageRule(state, changeOf(data), now) },
});

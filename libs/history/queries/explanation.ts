import { type Static, Type } from 'typebox';
import { closed, flag, list, oneOf, text } from '../../http/openapi/answer-schemas.js';
import { RestedOn } from './rested-on.js';

/** What a rule said in a decision that was made again. */
export const RuleOutcome = closed({
  rule: text('The rule.'),
  outcome: oneOf(
    ['holds', 'broken', 'applies', 'does-not-apply'],
    '`holds` or `broken` for what must be so; `applies` or not for one of several that say what follows.',
  ),
  detail: Type.Optional(text('With which values.')),
});
export type RuleOutcome = Static<typeof RuleOutcome>;

export const Explanation = closed({
  rules: list(RuleOutcome, 'Each rule and what it said, in the order in which they are asked.'),
  decided: Type.Unsafe<unknown>({ description: 'What the decision comes to when it is made again on its history.' }),
  agrees: flag('Whether that is what is stored.'),
  restedOn: Type.Optional(
    list(
      RestedOn,
      'The settings and other values beside its own stream that it found in force, and which events had set them; without `setBy` nobody had, and it is the default.',
    ),
  ),
});
export type Explanation = Static<typeof Explanation>;

export const holds = (rule: string, isSo: boolean, detail?: string): RuleOutcome => ({
  rule,
  outcome: isSo ? 'holds' : 'broken',
  ...(detail !== undefined && { detail }),
});

export const applies = (rule: string, isSo: boolean, detail?: string): RuleOutcome => ({
  rule,
  outcome: isSo ? 'applies' : 'does-not-apply',
  ...(detail !== undefined && { detail }),
});

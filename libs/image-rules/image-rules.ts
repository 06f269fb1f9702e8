import { toIso } from '../kernel/clock.js';
import type { StreamKind } from '../kernel/decider.js';
import type { Position } from '../kernel/envelope.js';
import { InvalidInput, Refusal } from '../kernel/errors.js';
import { IMAGE_RULES, type ImageRule, type ImageRuleEvent, imageRuleEvents } from './events.js';

/** What a change concerns: a rule for everyone, or for the accounts of one cohort. */
export interface RuleScope {
  rule: ImageRule;
  cohortId?: string | undefined;
}

export interface RuleChange {
  isInForce: boolean;
  reason: string;
  /** Epoch milliseconds: it holds from then on, and before the end if it has one. */
  from: number;
  until?: number;
  /** The position of the broken event because of which the rule is in force, if no operator did it. */
  unreadable?: Position;
}

/** All changes of one scope in the order of the log: of several that hold at a moment, the last one counts. */
export interface ScopedRule {
  /** The position of the last change. */
  changedAt: Position;
  changes: readonly RuleChange[];
}

export interface ScopesOfRule {
  everyone?: ScopedRule;
  cohorts: ReadonlyMap<string, ScopedRule>;
}

/** By rule; without the rules that nobody ever changed. */
export type ImageRules = ReadonlyMap<string, ScopesOfRule>;

/** The kind has a single stream, `rules`. */
export const imageRulesStream: StreamKind<ImageRules, ImageRuleEvent> = {
  category: 'rules',
  events: imageRuleEvents,
  initial: new Map(),
  evolve(state, { type, data }, { position, time }) {
    const change = {
      isInForce: type === 'ImageRuleSet',
      reason: data.reason,
      from: Date.parse(data.from ?? time),
      ...(data.until === undefined ? {} : { until: Date.parse(data.until) }),
    };
    return withChange(state, data, position, change);
  },
  /** The event may have put any rule into force for anybody, so all are, until an operator changes each for everyone. */
  evolveBroken(_, { position: unreadable, time }) {
    const reason = `the event of the rules about images at position ${unreadable} can't be read: check what it was to change, then set or lift the rule for everyone`;
    const change = { isInForce: true, reason, from: Date.parse(time), unreadable };
    return new Map(
      IMAGE_RULES.map((rule) => [
        rule,
        { everyone: { changedAt: unreadable, changes: [change] }, cohorts: new Map<string, ScopedRule>() },
      ]),
    );
  },
};

function withChange(
  state: ImageRules,
  { rule, cohortId }: RuleScope,
  changedAt: Position,
  change: RuleChange,
): ImageRules {
  const before: ScopesOfRule = state.get(rule) ?? { cohorts: new Map() };
  const { changes } = ruleOf(state, { rule, cohortId }) ?? { changes: [] };
  const changed = { changedAt, changes: [...changes, change] };
  const after =
    cohortId === undefined
      ? { ...before, everyone: changed }
      : { ...before, cohorts: new Map(before.cohorts).set(cohortId, changed) };
  return new Map(state).set(rule, after);
}

/** Undefined if it was never changed. */
export const ruleOf = (state: ImageRules, { rule, cohortId }: RuleScope): ScopedRule | undefined =>
  cohortId === undefined ? state.get(rule)?.everyone : state.get(rule)?.cohorts.get(cohortId);

/** The change of a scope that counts now, in epoch milliseconds. */
export const changeAt = (scoped: ScopedRule | undefined, now: number): RuleChange | undefined =>
  scoped?.changes.findLast(({ from, until }) => from <= now && (until === undefined || now < until));

/**
 * Whether a rule is in force for a member of the cohort, or for somebody without one: as the cohort's own change says, else
 * as the one for everyone says, else it is.
 */
export function isRuleInForce(state: ImageRules, { rule, cohortId }: RuleScope, now: number): boolean {
  const scopes = state.get(rule);
  if (scopes === undefined) return true;
  const own = cohortId === undefined ? undefined : changeAt(scopes.cohorts.get(cohortId), now);
  return (own ?? changeAt(scopes.everyone, now))?.isInForce ?? true;
}

/** When a rule was in force for a member of the cohort, or for somebody without one: from, and to without that moment. */
export function periodsInForce(state: ImageRules, scope: RuleScope): { from: number; to: number }[] {
  const scopes = [ruleOf(state, { rule: scope.rule }), ruleOf(state, scope)];
  const ends = scopes.flatMap((one) => one?.changes ?? []).flatMap(({ from, until = from }) => [from, until]);
  const bounds = [Number.NEGATIVE_INFINITY, ...[...new Set(ends)].sort((one, other) => one - other)];
  return bounds
    .map((from, n) => ({ from, to: bounds[n + 1] ?? Number.POSITIVE_INFINITY }))
    .filter(({ from }) => isRuleInForce(state, scope, from));
}

/** Every cohort with a change of its own. */
export const cohortsOf = (state: ImageRules, rule: ImageRule): string[] => [...(state.get(rule)?.cohorts.keys() ?? [])];

/** The positions of broken events because of which rules are in force now, or are again once later changes have ended. */
export const unreadableRules = (state: ImageRules, now: number): { rule: ImageRule; position: Position }[] =>
  IMAGE_RULES.flatMap((rule) => {
    const everyone = state.get(rule)?.everyone;
    // Between these moments nothing changes.
    const moments = [now, ...(everyone?.changes ?? []).flatMap(({ until = now }) => Math.max(now, until))];
    const position = moments.map((at) => changeAt(everyone, at)?.unreadable).find((one) => one !== undefined);
    return position === undefined ? [] : [{ rule, position }];
  });

export interface ChangeImageRule extends RuleScope {
  reason: string;
  /** Epoch milliseconds; from now on if absent. */
  from?: number | undefined;
  until?: number | undefined;
}

/**
 * Puts a rule into force.
 * @param now epoch milliseconds
 * @throws InvalidInput if it would begin in the past; Refusal rule-over
 */
export const setImageRule = (state: ImageRules, given: ChangeImageRule, now: number): ImageRuleEvent[] =>
  changed(state, given, now, 'ImageRuleSet');

/** @throws InvalidInput if that would begin in the past; Refusal rule-over */
export const liftImageRule = (state: ImageRules, given: ChangeImageRule, now: number): ImageRuleEvent[] =>
  changed(state, given, now, 'ImageRuleLifted');

function changed(
  state: ImageRules,
  { rule, cohortId, reason, from, until }: ChangeImageRule,
  now: number,
  type: ImageRuleEvent['type'],
): ImageRuleEvent[] {
  const last = ruleOf(state, { rule, cohortId })?.changes.at(-1);
  const isSameStart = from === undefined ? last !== undefined && last.from <= now : last?.from === from;
  const isSame = last?.isInForce === (type === 'ImageRuleSet') && last.reason === reason && last.until === until;
  const start = Math.max(now, from ?? now);
  if (until !== undefined && until <= start) {
    throw new Refusal('rule-over', `a change until ${toIso(until)} would be over before it begins; give a later end`);
  }
  if (isSame && isSameStart) return [];
  if (from !== undefined && from < now) {
    const message = 'must not be in the past: leave it out, and the change begins now';
    // The route that lifts a rule has no body: there it is a query parameter.
    throw new InvalidInput([{ field: type === 'ImageRuleSet' ? '/from' : 'from', message }]);
  }
  return [
    {
      type,
      data: {
        rule,
        ...(cohortId !== undefined && { cohortId }),
        reason,
        ...(from !== undefined && { from: toIso(from) }),
        ...(until !== undefined && { until: toIso(until) }),
      },
    },
  ];
}

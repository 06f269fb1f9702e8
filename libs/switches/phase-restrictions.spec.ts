import { describe, expect, it } from '@jest/globals';
import { recorded } from '../../test/support/fold-view.js';
import { toIso } from '../kernel/clock.js';
import { fold, foldRecorded } from '../kernel/decider.js';
import {
  type PhaseEvent,
  periodsRestricted,
  phaseRestrictedAt,
  phaseRestrictionsStream,
  phaseRestricts,
  phaseSuspensions,
  restrictionsInForce,
} from './phase-restrictions.js';

const NOW = Date.parse('2022-05-18T09:00:00Z');
const HOUR_MS = 3_600_000;
type Restrictions = NonNullable<Extract<PhaseEvent, { type: 'RolloutPhaseSet' }>['data']['restrictions']>;

const at = (hours: number, event: PhaseEvent) => ({ ...event, metadata: { time: toIso(NOW + hours * HOUR_MS) } });
const began = (hours: number, restrictions?: Restrictions, changeId?: string) =>
  at(hours, {
    type: 'RolloutPhaseSet',
    data: { phase: 'preview', reason: 'a test', ...(restrictions && { restrictions }), ...(changeId && { changeId }) },
  });
const planned = (changeId: string, hours: number, restrictions?: Restrictions) =>
  at(0, {
    type: 'RolloutChangePlanned',
    data: {
      ...{ changeId, phase: 'invitations', reason: 'later', effectiveAt: toIso(NOW + hours * HOUR_MS) },
      ...(restrictions && { restrictions }),
    },
  });
const ended = (hours: number, changeId: string) => at(hours, { type: 'RolloutChangeEnded', data: { changeId } });
const given = (...events: ReturnType<typeof at>[]) => fold(phaseRestrictionsStream, events);
const restricted = (state: ReturnType<typeof given>, hours: number) =>
  restrictionsInForce(state, NOW + hours * HOUR_MS).map(({ restriction }) => restriction);

describe('what a phase restricts', () => {
  it('is denied while the phase lasts, and no longer than that', () => {
    expect(restricted(given(), 0)).toEqual([]);
    const preview = given(began(0, ['share', 'photorealistic-faces']));
    expect(restricted(preview, 0)).toEqual(['share', 'photorealistic-faces']);
    expect(restricted(given(began(0, ['share', 'photorealistic-faces']), began(1, ['join'])), 1)).toEqual(['join']);
    expect(restricted(given(began(0, ['share']), began(1)), 1)).toEqual([]);
    expect(phaseSuspensions(preview, NOW)).toEqual([
      { action: 'share', phase: 'preview', reason: 'a test', since: toIso(NOW) },
    ]);
  });

  it('does not wait for a clock that is behind the one of the log', () => {
    expect(phaseRestricts(given(began(0, ['share'])), 'share', NOW - HOUR_MS)).toBe(true);
  });

  it('is denied from the time of a plan on by the clock alone, and allowed again by an event only', () => {
    const plan = planned('r-1', 2, ['generate']);
    expect(restricted(given(began(0, ['share']), plan), 1)).toEqual(['share']);
    expect(restricted(given(began(0, ['share']), plan), 2)).toEqual(['generate', 'share']);
    expect(restricted(given(began(0, ['share']), plan, began(3, ['generate'], 'r-1')), 4)).toEqual(['generate']);
    expect(restricted(given(began(0, ['share']), plan, began(1)), 4)).toEqual(['generate']);
  });

  it('is not denied by a plan that was cancelled or lapsed, nor by one that set only a rate', () => {
    expect(restricted(given(planned('r-1', 2, ['generate']), ended(1, 'r-1')), 3)).toEqual([]);
    const rateSet = at(2, { type: 'OnboardingRateSet', data: { changeId: 'r-1' } });
    expect(restricted(given(planned('r-1', 2, ['generate']), rateSet), 3)).toEqual([]);
    expect(restricted(given(planned('r-1', 2)), 3)).toEqual([]);
    expect(restricted(given(planned('r-1', 2, ['generate']), ended(1, 'r-2')), 3)).toEqual(['generate']);
  });

  it('is known of earlier moments, also of a plan whose event came late', () => {
    const state = given(
      began(0, ['photorealistic-faces']),
      planned('r-1', 5, ['photorealistic-faces']),
      began(1),
      began(7, undefined, 'r-1'),
    );
    const hours = [-1, 0, 0.9, 1, 4.9, 5, 6.9, 7, 9];
    const wasRestricted = (hour: number) => phaseRestrictedAt(state, 'photorealistic-faces', NOW + hour * HOUR_MS);
    expect(hours.filter(wasRestricted)).toEqual([0, 0.9, 5, 6.9]);
    expect(periodsRestricted(state, 'share')).toEqual([]);
    const present = given(began(0, ['share']), planned('r-1', 5, ['share']));
    expect(periodsRestricted(present, 'share').map(({ from, to }) => [from, to])).toEqual([
      [NOW, Number.POSITIVE_INFINITY],
      [NOW + 5 * HOUR_MS, Number.POSITIVE_INFINITY],
    ]);
  });
});

describe('a broken event of the rollout', () => {
  const broken = (type: string) => ({ ...recorded(7, type, {}), stream: 'rollout', fault: 'its data lacks phase' });
  const phase = { ...recorded(8, 'RolloutPhaseSet', { phase: 'open', reason: 'a test' }), stream: 'rollout' };

  it.each(['RolloutPhaseSet', 'RolloutChangePlanned'])(
    'restricts everything if it is a %s, until a phase is set',
    (type) => {
      const doubtful = foldRecorded(phaseRestrictionsStream, [broken(type)]);
      expect(restricted(doubtful, 0)).toEqual(['generate', 'share', 'download', 'join', 'photorealistic-faces']);
      expect(restrictionsInForce(doubtful, NOW)[0]).toMatchObject({
        unreadable: 7,
        reason: expect.stringMatching(/position 7.*can't be read.*propose/),
      });
      expect(restricted(foldRecorded(phaseRestrictionsStream, [broken(type), phase]), 0)).toEqual([]);
    },
  );

  it.each(['RolloutChangeEnded', 'OnboardingRateSet'])('leaves a plan in force if it is a %s', (type) => {
    const { metadata: _, ...plan } = planned('r-1', 2, ['share']);
    const stored = { ...recorded(6, plan.type, plan.data), stream: 'rollout' };
    const state = foldRecorded(phaseRestrictionsStream, [stored, broken(type)]);
    expect(restricted(state, 1)).toEqual([]);
    expect(restricted(state, 2)).toEqual(['share']);
  });
});

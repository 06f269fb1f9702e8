import { expect, it } from '@jest/globals';
import { recorded } from '../../../test/support/fold-view.js';
import { ladderAt, ladderStream, outcomeOf, setLadder } from '../../enforcement/index.js';
import { imageRulesStream } from '../../image-rules/index.js';
import { fold, foldRecorded } from '../../kernel/decider.js';
import { policiesAt, policyStream } from '../../policy/index.js';
import { phaseRestrictionsStream, switchesStream } from '../../switches/index.js';
import { unreadableStreams } from './unreadable-streams.js';

const known = {
  switches: switchesStream.initial,
  policies: policiesAt(policyStream.initial, 0),
  rules: imageRulesStream.initial,
  phases: phaseRestrictionsStream.initial,
};
const entries = [{ steps: [{ strikes: 1, measure: 'strike' as const }] }];
const lenient = { ...recorded(3, 'LadderSet', { entries, reason: 'spec' }), stream: 'ladder' };
const broken = { ...lenient, position: 7, fault: 'its data lacks entries' };

it('says that a broken event of the ladder makes every violation deactivate, until somebody sets the ladder again', () => {
  const ladder = foldRecorded(ladderStream, [lenient]);
  expect(unreadableStreams({ ...known, ladder }, 0)).toEqual([]);
  const doubtful = foldRecorded(ladderStream, [lenient, broken]);
  expect(outcomeOf(ladderAt(doubtful, 8), undefined, 0, 0).measures).toEqual({ deactivate: true });
  expect(unreadableStreams({ ...known, ladder: doubtful }, 0)).toEqual([
    expect.stringMatching(
      /^every confirmed violation deactivates the account: .* at position 7 can't be read.*ladder set FILE --reason TEXT"$/,
    ),
  ]);
  const set = setLadder(doubtful, { entries, reason: 'spec' }, new Set());
  expect(unreadableStreams({ ...known, ladder: fold(ladderStream, set, doubtful) }, 0)).toEqual([]);
});

it('says that a broken event which may have set a phase denies what a phase may restrict, until a phase is set', () => {
  const set = { ...recorded(8, 'RolloutPhaseSet', { phase: 'open', reason: 'spec' }), stream: 'rollout' };
  const unreadable = { ...set, position: 7, fault: 'its data lacks phase' };
  const ladder = ladderStream.initial;
  const textsOf = (...events: (typeof set)[]) =>
    unreadableStreams({ ...known, ladder, phases: foldRecorded(phaseRestrictionsStream, events) }, 0);
  expect(textsOf(unreadable)).toEqual([
    expect.stringMatching(
      /^generating, sharing, downloading and joining denied to everybody: .* at position 7.*rollout propose-phase PHASE REASON"/,
    ),
  ]);
  expect(textsOf(unreadable, set)).toEqual([]);
});

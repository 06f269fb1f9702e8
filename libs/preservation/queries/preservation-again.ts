import { type Circumstances, type DecisionsAgain, decisionsAgain } from '../../context/decisions-again.js';
import {
  liftHold,
  placeHold,
  placeHoldAgain,
  placeHoldByHand,
  preservationStream,
  recordReport,
} from '../preservation.js';

export const preservationAgain: DecisionsAgain = decisionsAgain(preservationStream, {
  LegalHoldPlaced: {
    rules: { 'hold-lifted': 'hold-not-lifted' },
    async decide(state, data, { actor, together, find }) {
      // That something is stored of the account is not in its stream of holds.
      if (actor.kind === 'user') return placeHoldByHand(state, data, true);
      const cause = await find(together[0]!.metadata.causationid);
      return (cause?.type === 'ReviewUpheld' ? placeHoldAgain : placeHold)(state, data);
    },
  },
  LegalHoldLifted: {
    rules: { 'hold-unknown': 'hold-known' },
    decide: (state, { accountId, reason }, made) => liftHold(state, { accountId, reason, holdId: lastLifted(made) }),
  },
  AuthorityInformed: {
    rules: { 'report-recorded': 'report-new' },
    // Whether its case is one of the highest severity is in no event of this stream.
    decide: (state, data) => recordReport(state, data, true),
  },
});

/** Of several that were lifted together, the one that somebody named is the last. */
function lastLifted({ together }: Circumstances): string {
  const end = together.findIndex(({ type }) => type !== 'LegalHoldLifted');
  return together.slice(0, end < 0 ? together.length : end).at(-1)!.data.holdId as string;
}

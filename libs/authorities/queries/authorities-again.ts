import { type DecisionsAgain, decisionsAgain } from '../../context/decisions-again.js';
import { authoritiesStream, recordDispute, recordOrder, setTrustedFlagger } from '../authorities.js';

const RULES = { 'invalid-input': 'record-valid' };

export const authoritiesAgain: DecisionsAgain = decisionsAgain(authoritiesStream, {
  AuthorityOrderRecorded: { rules: RULES, decide: (state, data, { now }) => recordOrder(state, data, now) },
  DisputeRecorded: { rules: RULES, decide: (state, data, { now }) => recordDispute(state, data, now) },
  TrustedFlaggerSet: { rules: {}, decide: (state, data) => setTrustedFlagger(state, data) },
});

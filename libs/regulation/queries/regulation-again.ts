import { type DecisionsAgain, decisionsAgain } from '../../context/decisions-again.js';
import { mappingStream, setMapping } from '../mapping.js';
import { queueStatement, recordAccepted, recordRefused, retryStatement, statementStream } from '../statement.js';

export const mappingAgain: DecisionsAgain = decisionsAgain(mappingStream, {
  StatementMappingSet: {
    rules: { 'invalid-input': 'entries-valid' },
    decide: (state, data) => setMapping(state, data),
  },
});

export const statementsAgain: DecisionsAgain = decisionsAgain(statementStream, {
  StatementQueued: {
    rules: { 'statement-unknown': 'statement-known', 'statement-accepted': 'statement-not-accepted' },
    decide: (state, data) =>
      state.status === 'none' ? queueStatement(state, data) : retryStatement(state, data.statementId),
  },
  StatementAccepted: { rules: {}, decide: (state, data) => recordAccepted(state, data) },
  StatementRefused: { rules: {}, decide: (state, data) => recordRefused(state, data) },
});

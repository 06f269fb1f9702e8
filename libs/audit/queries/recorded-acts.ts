import { type DecisionsAgain, decisionsAgain } from '../../context/decisions-again.js';
import { auditStream } from '../audit-stream.js';

const ACT = { because: 'it records what somebody did or read; nothing was decided' };

export const recordedActs: DecisionsAgain = decisionsAgain(auditStream, {
  TokenCreated: ACT,
  TokenRevoked: ACT,
  QuarantineReplayed: ACT,
  QuarantineDiscarded: ACT,
  ViewRebuilt: ACT,
  AddressRead: ACT,
  ContentViewed: ACT,
  EvidenceGiven: ACT,
  ProofKeyRotated: ACT,
  PersonExported: ACT,
  TotalsRead: ACT,
  BreakTaken: ACT,
});

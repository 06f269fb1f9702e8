import { type DecisionsAgain, decisionsAgain } from '../../context/decisions-again.js';
import { cancelErasure, completeErasure, erasureStream, requestErasure, startErasure } from '../erasure.js';
import { keysStream, noteDestroyed } from '../keys.js';
import { completeRotation, requestRotation, rootKeyStream } from '../root-key.js';
import { closeRequest, receiveRequest, requestStream } from '../subject-request.js';

export const erasureAgain: DecisionsAgain = decisionsAgain(erasureStream, {
  ErasureRequested: { rules: {}, decide: (state, data) => requestErasure(state, data) },
  ErasureCancelled: {
    rules: { 'erasure-unknown': 'erasure-known', 'erasure-started': 'erasure-not-started' },
    decide: (state, { person, reason }) => cancelErasure(state, true, person, reason),
  },
  ErasureStarted: { rules: {}, decide: (state, { person }, { now }) => startErasure(state, person, now) },
  PersonalDataErased: { rules: {}, decide: (state, data) => completeErasure(state, data) },
});

export const keysAgain: DecisionsAgain = decisionsAgain(keysStream, {
  KeysDestroyed: { rules: {}, decide: (state, data) => noteDestroyed(state, data) },
});

export const requestsAgain: DecisionsAgain = decisionsAgain(requestStream, {
  SubjectRequestReceived: {
    rules: { 'request-differs': 'id-new' },
    decide: (state, data) => receiveRequest(state, data),
  },
  SubjectRequestClosed: {
    rules: { 'request-unknown': 'request-known', 'request-closed': 'request-not-closed' },
    decide: (state, data) => closeRequest(state, data),
  },
});

export const rootKeyAgain: DecisionsAgain = decisionsAgain(rootKeyStream, {
  RootKeyRotationRequested: { rules: {}, decide: (state, data) => requestRotation(state, data) },
  RootKeyRotated: { rules: {}, decide: (state, data) => completeRotation(state, data) },
});

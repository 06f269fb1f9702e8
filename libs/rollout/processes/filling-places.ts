import type { Consumer } from '../../subscriptions/consumer.js';

/**
 * Cohorts and batches of invitations choose people from the same line. So one consumer fills both, in the order of the log: what
 * one has chosen is onboarded or invited before the next chooses, also after a crash or an error in between.
 */
export const fillingPlaces = (onboarding: Consumer, inviting: Consumer): Consumer => {
  const of = (type: string) => (inviting.types.includes(type) ? inviting : onboarding);
  return {
    ...onboarding,
    types: [...onboarding.types, ...inviting.types],
    key: (event) => of(event.type).key(event),
    react: (event) => of(event.type).react(event),
  };
};

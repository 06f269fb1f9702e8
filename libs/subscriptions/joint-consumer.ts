import { type Consumer, isConcerned } from './consumer.js';

/**
 * Two consumers that must never work at the same time, as one: it processes the events of both in the order of the log, also
 * after a crash or an error in between. It has the name, and so the checkpoint, of the first.
 */
export const jointConsumer = (first: Consumer, second: Consumer): Consumer => {
  const of = (type: string) => (second.types.includes(type) ? second : first);
  return {
    ...first,
    types: [...first.types, ...second.types],
    key: (event) => of(event.type).key(event),
    concerns: (event) => isConcerned(of(event.type), event),
    react: (event) => of(event.type).react(event),
  };
};

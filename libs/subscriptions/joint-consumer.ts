import { type Consumer, concernedAmong, isConcerned } from './consumer.js';

/**
 * Two consumers that must never work at the same time, as one: it processes the events of both in the order of the log, also
 * after a crash or an error in between.
 * @param name a new one, so that it begins at the start of the log, however far the two were while they were apart
 */
export function jointConsumer(name: string, first: Consumer, second: Consumer): Consumer {
  const of = (type: string) => (second.types.includes(type) ? second : first);
  return {
    name,
    types: [...first.types, ...second.types],
    key: (event) => of(event.type).key(event),
    concerns: (event) => isConcerned(of(event.type), event),
    concerning: async (events) => {
      const [ofFirst, ofSecond] = await Promise.all(
        [first, second].map((one) =>
          concernedAmong(
            one,
            events.filter(({ type }) => of(type) === one),
          ),
        ),
      );
      return events.filter((event) => ofFirst!.has(event) || ofSecond!.has(event));
    },
    react: (event) => of(event.type).react(event),
  };
}

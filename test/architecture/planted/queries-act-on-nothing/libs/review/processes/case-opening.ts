export const name = 'case-opening';

export const caseOpening = defineConsumer({ name });

function defineConsumer<Consumer>(consumer: Consumer): Consumer {
  return consumer;
}

import { bodyOf, expectStatus, openConnection, requestBytes } from './http-connection.mjs';
import { cloudEvents } from './image-traffic.mjs';

const MEDIA_TYPE = 'application/cloudevents-batch+json';
const ACCEPTED = /"outcome":"accepted"/g;

export const batchRequest = (token, events) =>
  requestBytes('POST', '/v1/events', { token, json: cloudEvents(events), mediaType: MEDIA_TYPE });

/** @throws Error unless every event was accepted */
export function expectAccepted(answer, count) {
  const accepted = bodyOf(expectStatus(answer, 202)).match(ACCEPTED)?.length ?? 0;
  if (accepted !== count) throw new Error(`${accepted} of ${count} accepted: ${bodyOf(answer).slice(0, 1000)}`);
}

/** Posts batches over new connections, each with one request in flight, until `next` returns no more. */
export async function post({ url }, connections, size, next) {
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const connection = await openConnection(url);
      for (let bytes = next(); bytes; bytes = next()) expectAccepted(await connection.ask(bytes), size);
      connection.close();
    }),
  );
}

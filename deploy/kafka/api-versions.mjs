import { connect } from 'node:net';

const ANSWER_MS = 1_000;
/** An ApiVersions request of Kafka's protocol, version 0: the first request of every client. */
const REQUEST = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff]);

/** Whether a Kafka broker listens at the address and answers. */
export function answers(host, port) {
  return new Promise((done) => {
    const socket = connect({ host, port });
    const end = (answered) => {
      socket.destroy();
      done(answered);
    };
    socket.setTimeout(ANSWER_MS, () => end(false));
    socket.once('connect', () => socket.write(REQUEST));
    socket.once('data', () => end(true));
    socket.once('error', () => end(false));
    socket.once('close', () => end(false));
  });
}

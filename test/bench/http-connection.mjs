import { once } from 'node:events';
import { connect } from 'node:net';

const END_OF_HEAD = '\r\n\r\n';
const LENGTH = /\r\ncontent-length: (\d+)/i;

/** A whole HTTP/1.1 request as bytes. */
export function requestBytes(method, path, { token, json, mediaType = 'application/json' } = {}) {
  const body = json === undefined ? '' : JSON.stringify(json);
  const head = [
    `${method} ${path} HTTP/1.1`,
    'host: localhost',
    ...(token === undefined ? [] : [`authorization: Bearer ${token}`]),
    ...(json === undefined ? [] : [`content-type: ${mediaType}`, `content-length: ${Buffer.byteLength(body)}`]),
  ];
  return Buffer.from(`${head.join('\r\n')}${END_OF_HEAD}${body}`);
}

/**
 * One keep-alive connection with one request at a time. It does as little work as possible, since client and server share
 * the machine. Parses only answers with a content-length. Reconnects if the server closed the idle connection, or answered a
 * request on it that was never sent (408).
 */
export async function openConnection(url) {
  let current = await connected(url);
  return {
    /** @returns the answer, head and body, one character for each byte */
    async ask(bytes) {
      if (current.isClosed()) current = await connected(url);
      return current.ask(bytes);
    },
    close: () => current.close(),
  };
}

async function connected(url) {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  await once(socket, 'connect');
  let waiting;
  let closed = false;
  let received = '';
  let end = 0;

  socket.setEncoding('latin1');
  socket.on('data', (chunk) => {
    received = received === '' ? chunk : received + chunk;
    if (end === 0) {
      const head = received.indexOf(END_OF_HEAD);
      if (head < 0) return;
      const length = LENGTH.exec(received.slice(0, head))?.[1];
      if (length === undefined) return fail(new Error(`an answer without a length: ${received.slice(0, head)}`));
      end = head + END_OF_HEAD.length + Number(length);
    }
    if (received.length < end) return;
    if (waiting === undefined) {
      socket.destroy();
      return fail(new Error('the server answered a request that was not sent'));
    }
    const answer = received;
    const { resolve } = waiting;
    received = '';
    end = 0;
    waiting = undefined;
    resolve(answer);
  });
  const fail = (error) => {
    closed = true;
    waiting?.reject(error);
    waiting = undefined;
  };
  socket.on('error', fail);
  socket.on('end', () => fail(new Error('the server closed the connection')));
  socket.on('close', () => fail(new Error('the server closed the connection')));

  return {
    isClosed: () => closed || socket.destroyed,
    ask: (bytes) =>
      new Promise((resolve, reject) => {
        if (waiting !== undefined) throw new Error('a connection takes one request at a time');
        waiting = { resolve, reject };
        socket.write(bytes);
      }),
    close: () => socket.destroy(),
  };
}

export const statusOf = (answer) => Number(answer.slice(9, 12));

export const bodyOf = (answer) => answer.slice(answer.indexOf(END_OF_HEAD) + END_OF_HEAD.length);

/** @throws Error for any other status */
export function expectStatus(answer, status) {
  if (statusOf(answer) !== status) throw new Error(`${status} expected, answered: ${answer.slice(0, 2000)}`);
  return answer;
}

/**
 * `node anonymous-attack-process.mjs URL`: one caller without a credential does its worst from one address until it is killed:
 * pipelined documents, metrics and unknown paths, made-up tokens, long bodies, and connections that close at once.
 * Prints the number of its requests every second.
 */
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';

const { hostname, port } = new URL(process.argv[2]);
const CONNECTIONS = 100;
const AHEAD = 200;

const get = (path, header = '') => `GET ${path} HTTP/1.1\r\nhost: a\r\n${header}\r\n`;
const madeUp = () =>
  `authorization: Bearer ght_${randomBytes(8).toString('hex')}_${randomBytes(32).toString('base64url')}\r\n`;
const post = (path, length) =>
  `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n${'['.repeat(length)}`;

const documents = get('/openapi.json').repeat(AHEAD);
const bursts = [
  () => [documents, AHEAD],
  () => [get('/metrics').repeat(AHEAD), AHEAD],
  () => [get('/nowhere').repeat(1_500), 1_500],
  () => [Array.from({ length: AHEAD }, () => get('/v1/policy', madeUp())).join(''), AHEAD],
  () => [get('/health/ready').repeat(AHEAD), AHEAD],
  () => [post('/v1/events', 500_000), 1],
  () => [documents, AHEAD, true],
];

let sent = 0;
let next = 0;
function attack() {
  const [text, requests, closesAtOnce] = bursts[next++ % bursts.length]();
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on('error', () => {});
  socket.on('close', () => setImmediate(attack));
  socket.setTimeout(5_000, () => socket.destroy());
  socket.resume();
  socket.once('connect', () => {
    sent += requests;
    socket.write(text, () => {
      if (closesAtOnce) socket.destroy();
    });
  });
}
for (let n = 0; n < CONNECTIONS; n++) attack();
setInterval(() => console.log(sent), 1_000);

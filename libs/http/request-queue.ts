import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { LRUCache } from 'lru-cache';
import type { Networks } from '../platform/configuration/networks.js';
import { networkOf, networkOfAddress } from './caller-network.js';
import { FairTurns } from './fair-turns.js';

declare module 'fastify' {
  interface FastifyInstance {
    requestQueue: RequestQueue;
  }
}

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** Requests that may wait behind another one on their connection. */
export const MAX_WAITING = 16;
/** Connections of one network without a proven credential. */
const MAX_STRANGERS = 256;
const MAX_PROVEN = 10_000;

interface Connection {
  network: string;
  /** Of the request that was started last. */
  response?: ServerResponse;
  waiting: [IncomingMessage, ServerResponse][];
  /** No further request is read: too many wait. */
  isFull: boolean;
}

const CONNECTION = Symbol('connection');
type Connected = Socket & { [CONNECTION]?: Connection };

/**
 * Comes before all handlers, so that no caller can keep the event loop for itself. A connection has one request in
 * progress; those that it sends ahead wait in their order, and are dropped if it closes. A request whose credential was proven
 * here before starts at once. Of all others at most one starts in each turn of the event loop, in fair order of their networks.
 */
export class RequestQueue {
  private handle: RequestHandler;
  /** Authorization headers that were valid when they were last checked. Only the order depends on them, never admission. */
  private readonly proven = new LRUCache<string, true>({ max: MAX_PROVEN });
  private readonly turns = new FairTurns();
  /** By network, oldest first. */
  private readonly strangers = new Map<string, Set<Socket>>();

  /**
   * @param trusted proxies, whose connections carry the requests of many callers
   * @param refuse answers a request for which there is no room, and closes the connection
   */
  constructor(
    server: Server,
    private readonly trusted: Networks,
    private readonly refuse: RequestHandler,
  ) {
    const listeners = server.listeners('request') as RequestHandler[];
    server.removeAllListeners('request');
    this.handle = (request, response) => {
      for (const listener of listeners) listener.call(server, request, response);
    };
    server.on('connection', (socket) => this.connect(socket));
    // Node answers an expectation itself unless somebody listens; here a credential is checked first.
    for (const event of ['request', 'checkContinue', 'checkExpectation'] as const)
      server.on(event, (request: IncomingMessage, response: ServerResponse) => this.receive(request, response));
  }

  /** Puts a handler in front of those that are there. */
  insert(handlerBefore: (next: RequestHandler) => RequestHandler): void {
    this.handle = handlerBefore(this.handle);
  }

  /** Called if the credential of a request was found to be valid, or invalid. */
  noteCredential({ headers: { authorization = '' }, socket }: IncomingMessage, isValid: boolean): void {
    if (!isValid) {
      this.proven.delete(authorization);
      return;
    }
    this.proven.set(authorization, true);
    this.forgetStranger(socket);
  }

  private connect(socket: Socket): void {
    const network = networkOfAddress(socket.remoteAddress ?? '');
    const connection: Connection = { network, waiting: [], isFull: false };
    (socket as Connected)[CONNECTION] = connection;
    stopParsingIf(socket, () => connection.isFull);
    socket.once('close', () => {
      connection.waiting.length = 0; // nobody reads the answers
      this.forgetStranger(socket);
    });
    if (!this.trusted.has(socket.remoteAddress)) this.addStranger(socket);
  }

  private receive(request: IncomingMessage, response: ServerResponse): void {
    const connection = (request.socket as Connected)[CONNECTION];
    if (!connection || connection.isFull) return;
    const { response: before, waiting } = connection;
    if (waiting.length === 0 && (before === undefined || before.writableFinished)) {
      this.start(connection, request, response);
      return;
    }
    if (waiting.length === 0) before!.once('close', () => this.startNext(connection));
    connection.isFull = waiting.push([request, response]) > MAX_WAITING;
  }

  private startNext(connection: Connection): void {
    const next = connection.waiting.shift();
    if (!next) return;
    if (connection.waiting.length > 0) next[1].once('close', () => this.startNext(connection));
    if (connection.isFull && connection.waiting.length === 0) this.refuse(...next);
    else this.start(connection, ...next);
  }

  private start(connection: Connection, request: IncomingMessage, response: ServerResponse): void {
    connection.response = response;
    if (this.proven.get(request.headers.authorization ?? '')) {
      this.forgetStranger(request.socket); // it may be answered ahead of admission
      this.handle(request, response);
      return;
    }
    this.turns.take(networkOf(request, this.trusted), () => {
      if (request.socket.destroyed) return false;
      this.handle(request, response);
      return true;
    });
  }

  /** In place of one that has nothing to do, if there are too many. */
  private addStranger(socket: Connected): void {
    const { network } = socket[CONNECTION]!;
    const others = this.strangers.get(network) ?? new Set();
    if (others.size >= MAX_STRANGERS) {
      const idle = [...others].find((other) => !isAnswering(other)) ?? socket;
      idle.destroy();
      this.forgetStranger(idle);
      if (idle === socket) return;
    }
    this.strangers.set(network, others.add(socket));
  }

  private forgetStranger(socket: Connected): void {
    const connection = socket[CONNECTION];
    if (!connection) return; // injected, not received
    const others = this.strangers.get(connection.network);
    if (others?.delete(socket) && others.size === 0) this.strangers.delete(connection.network);
  }
}

/** Whether a request on the connection has no complete answer yet. */
function isAnswering(socket: Duplex): boolean {
  const connection = (socket as Connected)[CONNECTION];
  if (!connection) return false;
  const { response, waiting } = connection;
  return waiting.length > 0 || (response !== undefined && !response.writableFinished);
}

/**
 * Whether an answer to input that can't be parsed would be taken for the answer to that input: no earlier request lacks its
 * own, and if the body of a request is at fault, that one has none yet.
 */
export function mayAnswerInput(socket: Duplex): boolean {
  const connection = (socket as Connected)[CONNECTION];
  if (!connection) return true;
  const { response, waiting } = connection;
  if (waiting.length > 0) return false;
  if (response === undefined) return true;
  return response.req.complete ? response.writableFinished : !response.headersSent;
}

/** What Node does with each parsed request; 2 makes the parser leave the rest of what it was given. */
interface Parser {
  onIncoming?: (request: IncomingMessage, keepAlive: boolean) => number;
}
const STOP = 2;

/**
 * Node parses all that one read returned, up to 64 KiB, before it lets anything else run: thousands of small requests. It has
 * no limit for that, so this uses a property of its parser that is not documented. Without it they are parsed, but
 * wait all the same.
 */
function stopParsingIf(socket: Socket & { parser?: Parser }, isFull: () => boolean): void {
  const { parser } = socket;
  const onIncoming = parser?.onIncoming;
  if (!parser || !onIncoming) return;
  parser.onIncoming = (request, keepAlive) => (isFull() ? STOP : onIncoming(request, keepAlive));
}

/*
 * Imitates an EventStoreDB server where none can run: its protocol, with the semantics that the adapter depends on, as
 * far as they were seen on a real server. One process is one node.
 *   node server.mjs --port 2113 --data FILE [--member HOST:PORT]… [--user NAME:PASSWORD] [--certificate FILE --key FILE]
 * The first member is the leader. A message {election: true} makes reads at positions fail until {election: false}.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { StoredLog } from './stored-log.mjs';

const client = createRequire(createRequire(import.meta.url).resolve('@eventstore/db-client'));
const grpc = client('@grpc/grpc-js');
const { Any } = client('google-protobuf/google/protobuf/any_pb.js');
const { Empty: GoogleEmpty } = client('google-protobuf/google/protobuf/empty_pb.js');
const streams = client('../generated/streams_pb');
const shared = client('../generated/shared_pb');
const { Status } = client('../generated/status_pb');
const gossip = client('../generated/gossip_pb');
const features = client('../generated/serverfeatures_pb');
const { StreamsService } = client('../generated/streams_grpc_pb');
const { GossipService } = client('../generated/gossip_grpc_pb');
const { ServerFeaturesService } = client('../generated/serverfeatures_grpc_pb');

const { values: given } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    data: { type: 'string' },
    member: { type: 'string', multiple: true, default: [] },
    user: { type: 'string' },
    certificate: { type: 'string' },
    key: { type: 'string' },
  },
});
const log = new StoredLog(given.data);
const { Options } = streams.ReadReq;
const READ_ONLY_NODE = 3;
const LEADER = 4;
const CHECKPOINT_EVERY_MS = 100;
let isElecting = false;
let port = Number(given.port);

const unknown = () => ({ code: grpc.status.UNKNOWN, details: 'Unexpected ReadAllResult: Error' });
const denied = () => {
  const metadata = new grpc.Metadata();
  metadata.set('exception', 'access-denied');
  return { code: grpc.status.PERMISSION_DENIED, details: 'Access Denied', metadata };
};
const isDenied = ({ metadata }) =>
  given.user !== undefined &&
  metadata.get('authorization')[0] !== `Basic ${Buffer.from(given.user).toString('base64')}`;

const identifier = (name) => new shared.StreamIdentifier().setStreamName(Buffer.from(name).toString('base64'));
const nameOf = (id) => Buffer.from(id.getStreamName_asU8()).toString('utf8');

function eventResponse(record, isStructured) {
  const id = new shared.UUID();
  if (isStructured) {
    const bits = BigInt(`0x${record.id.replaceAll('-', '')}`);
    const structured = new shared.UUID.Structured();
    structured.setMostSignificantBits(BigInt.asIntN(64, bits >> 64n).toString());
    structured.setLeastSignificantBits(BigInt.asIntN(64, bits).toString());
    id.setStructured(structured);
  } else id.setString(record.id);
  const event = new streams.ReadResp.ReadEvent.RecordedEvent();
  event.setId(id).setStreamIdentifier(identifier(record.stream)).setStreamRevision(String(record.revision));
  event.setCommitPosition(String(record.position)).setPreparePosition(String(record.position));
  event.setData(record.data).setCustomMetadata(record.metadata);
  const metadata = event.getMetadataMap();
  metadata.set('type', record.type);
  metadata.set('content-type', record.json ? 'application/json' : 'application/octet-stream');
  metadata.set('created', String(BigInt(record.created) * 10_000n));
  const read = new streams.ReadResp.ReadEvent().setEvent(event).setCommitPosition(String(record.position));
  return new streams.ReadResp().setEvent(read);
}

function read(call) {
  if (isDenied(call)) return call.emit('error', denied());
  const options = call.request.getOptions();
  if (options.hasSubscription()) return subscribe(call, options);
  const found = options.hasStream() ? streamRecords(call, options) : allRecords(options);
  if (!found) return options.hasStream() ? call.end() : call.emit('error', unknown());
  const isStructured = options.getUuidOption()?.hasStructured() ?? false;
  for (const record of found) call.write(eventResponse(record, isStructured));
  call.end();
}

function streamRecords(call, options) {
  const stream = options.getStream();
  const records = log.streams.get(nameOf(stream.getStreamIdentifier()));
  if (!records) {
    const missing = new streams.ReadResp.StreamNotFound().setStreamIdentifier(stream.getStreamIdentifier());
    call.write(new streams.ReadResp().setStreamNotFound(missing));
    return undefined;
  }
  const count = Number(options.getCount());
  if (options.getReadDirection() === Options.ReadDirection.BACKWARDS) {
    const last = stream.hasEnd() ? records.length : Number(stream.getRevision()) + 1;
    return records.slice(Math.max(0, last - count), last).reverse();
  }
  const first = stream.hasStart() ? 0 : Number(stream.getRevision());
  return records.slice(first, first + count);
}

/** @returns undefined if no record begins at the position, or an election makes it look so */
function allRecords(options) {
  const all = options.getAll();
  const count = Number(options.getCount());
  const isBackwards = options.getReadDirection() === Options.ReadDirection.BACKWARDS;
  if (all.hasStart()) return isBackwards ? [] : log.records.slice(0, count);
  if (all.hasEnd()) return isBackwards ? log.records.slice(-count).reverse() : [];
  if (isElecting) return undefined;
  const index = log.indexOf(Number(all.getPosition().getCommitPosition()));
  if (index === undefined) return undefined;
  return isBackwards
    ? log.records.slice(Math.max(0, index - count), index).reverse()
    : log.records.slice(index, index + count);
}

function subscribe(call, options) {
  const all = options.getAll();
  const after = all.hasStart() ? -1 : Number(all.getPosition().getCommitPosition());
  const isStructured = options.getUuidOption()?.hasStructured() ?? false;
  const regex = options.getFilter()?.getEventType()?.getRegex();
  const wanted = regex ? new RegExp(regex) : /./;
  let sent = log.records.findIndex(({ position }) => position > after);
  if (sent < 0) sent = log.records.length;
  const push = () => {
    for (; sent < log.records.length; sent++)
      if (wanted.test(log.records[sent].type)) call.write(eventResponse(log.records[sent], isStructured));
  };
  call.write(
    new streams.ReadResp().setConfirmation(new streams.ReadResp.SubscriptionConfirmation().setSubscriptionId('1')),
  );
  push();
  call.write(new streams.ReadResp().setCaughtUp(new streams.ReadResp.CaughtUp()));
  const timer = setInterval(() => {
    const last = String(log.records.at(-1).position);
    const checkpoint = new streams.ReadResp.Checkpoint().setCommitPosition(last).setPreparePosition(last);
    call.write(new streams.ReadResp().setCheckpoint(checkpoint));
  }, CHECKPOINT_EVERY_MS);
  log.readers.add(push);
  const stop = () => {
    log.readers.delete(push);
    clearInterval(timer);
  };
  call.on('cancelled', stop).on('close', stop);
}

function batchAppend(call) {
  if (isDenied(call)) return call.emit('error', denied());
  const waiting = new Map();
  call.on('data', (request) => {
    const correlation = request.getCorrelationId().getString();
    const write = waiting.get(correlation) ?? { options: request.getOptions(), events: [] };
    waiting.set(correlation, write);
    for (const message of request.getProposedMessagesList()) {
      const metadata = message.getMetadataMap();
      write.events.push({
        id: message.getId().getString(),
        type: metadata.get('type'),
        json: metadata.get('content-type') === 'application/json',
        data: message.getData_asB64(),
        metadata: message.getCustomMetadata_asB64(),
      });
    }
    if (!request.getIsFinal()) return;
    waiting.delete(correlation);
    call.write(appendResponse(write).setCorrelationId(request.getCorrelationId()));
  });
  call.on('end', () => call.end());
}

function appendResponse({ options, events }) {
  const stream = nameOf(options.getStreamIdentifier());
  const expected = options.hasAny() ? 'any' : options.hasNoStream() ? -1 : Number(options.getStreamPosition());
  const result = log.append(stream, expected, events);
  const response = new streams.BatchAppendResp().setStreamIdentifier(options.getStreamIdentifier());
  if ('actual' in result) {
    const wrong = new shared.WrongExpectedVersion();
    if (result.actual < 0) wrong.setCurrentNoStream(new GoogleEmpty());
    else wrong.setCurrentStreamRevision(String(result.actual));
    if (expected === -1) wrong.setExpectedNoStream(new GoogleEmpty());
    else wrong.setExpectedStreamPosition(String(expected));
    const details = new Any();
    details.pack(wrong.serializeBinary(), 'event_store.client.WrongExpectedVersion');
    return response.setError(new Status().setMessage('WrongExpectedVersion').setDetails(details));
  }
  const position = new shared.AllStreamPosition();
  position.setCommitPosition(String(result.position)).setPreparePosition(String(result.position));
  const success = new streams.BatchAppendResp.Success()
    .setCurrentRevision(String(result.revision))
    .setPosition(position);
  return response.setSuccess(success);
}

function readGossip(_call, answer) {
  const members = given.member.length > 0 ? given.member : [`127.0.0.1:${port}`];
  const info = new gossip.ClusterInfo();
  members.forEach((member, n) => {
    const [host, memberPort] = member.split(':');
    const id = new shared.UUID().setString(`00000000-0000-4000-8000-00000000000${n}`);
    const endpoint = new gossip.EndPoint().setAddress(host).setPort(Number(memberPort));
    info.addMembers(
      new gossip.MemberInfo()
        .setInstanceId(id)
        .setTimeStamp(String(Date.now()))
        .setState(n === 0 ? LEADER : READ_ONLY_NODE)
        .setIsAlive(true)
        .setHttpEndPoint(endpoint),
    );
  });
  answer(null, info);
}

function supportedMethods(_call, answer) {
  const method = (name) =>
    new features.SupportedMethod().setServiceName('event_store.client.streams.streams').setMethodName(name);
  const methods = new features.SupportedMethods().setEventStoreServerVersion('24.10.0.0');
  for (const name of ['append', 'batchappend', 'read']) methods.addMethods(method(name));
  answer(null, methods);
}

process.on('message', ({ election }) => {
  isElecting = election;
  process.send({ election });
});
process.on('disconnect', () => process.exit(0));
const server = new grpc.Server();
server.addService(StreamsService, { read, batchAppend });
server.addService(GossipService, { read: readGossip });
server.addService(ServerFeaturesService, { getSupportedMethods: supportedMethods });
const credentials = given.certificate
  ? grpc.ServerCredentials.createSsl(null, [
      { cert_chain: readFileSync(given.certificate), private_key: readFileSync(given.key) },
    ])
  : grpc.ServerCredentials.createInsecure();
server.bindAsync(`127.0.0.1:${port}`, credentials, (error, bound) => {
  if (error) throw error;
  port = bound;
  process.send?.({ port });
  console.log(`listens at 127.0.0.1:${port}`);
});

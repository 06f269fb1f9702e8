import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { catalogue } from '../../dist/apps/composition/catalogue.js';
import { entities } from '../../dist/apps/composition/entities.js';
import { EventStoreDBEventStore } from '../../dist/libs/event-store/eventstoredb/eventstoredb-event-store.js';
import { PostgresEventStore } from '../../dist/libs/event-store/postgres/postgres-event-store.js';
import { EventSchemas } from '../../dist/libs/events/event-schemas.js';
import { TokenRegistry } from '../../dist/libs/http/credentials/token-registry.js';
import { systemClock } from '../../dist/libs/kernel/clock.js';
import { openDatabase } from '../../dist/libs/platform/database/database.js';
import { chanceOf } from './chance.mjs';
import { ClockJump } from './clock-jump.mjs';
import { EventStoreNodes } from './event-store-nodes.mjs';
import { FaultPlan } from './faults.mjs';
import { HttpClient } from './http-client.mjs';
import { Invariants } from './invariants.mjs';
import { onboardKnownPeople } from './known-people.mjs';
import { Load } from './load.mjs';
import { findClockLibrary, ProcessClock } from './process-clock.mjs';
import { RoleProcess } from './role-process.mjs';
import { StoreOutage } from './store-outage.mjs';
import { startBroker, startPostgres } from './stores.mjs';
import { capIsKept, claimsAreGrantedOnce } from './time-invariants.mjs';

const HTTP_ROLES = ['gateway', 'projector', 'reactor'];
const KAFKA_ROLES = ['ingester', 'publisher'];
const REPLICAS = 2;
const FACTS = 'gatehouse.facts';
const EVENTS = 'gatehouse.events';
const INGEST_MS = 120_000;

/**
 * @param short whether outages are short
 * @param eventStore address of an EventStoreDB that holds the log, if not PostgreSQL, with the commands that start its nodes
 * @returns findings, a line each, and counts by name
 */
export async function crashTest({ seed, kills, short, eventStore, startNodes }) {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-crash-'));
  const chance = chanceOf(seed);
  const stopping = [];
  try {
    const postgres = await startPostgres(directory);
    stopping.unshift(() => postgres.stop());
    const broker = await startBroker(join(directory, 'kafka'));
    if (broker) stopping.unshift(() => broker.stop());
    const nodes = eventStore && new EventStoreNodes(eventStore, startNodes, () => probe(eventStore));
    if (nodes) {
      stopping.unshift(() => nodes.stop());
      await nodes.start();
    }
    const tokens = await makeTokens(postgres.connection);

    const env = settingsOf(postgres.url, broker?.bootstrap, eventStore);
    const roles = broker ? [...HTTP_ROLES, ...KAFKA_ROLES] : HTTP_ROLES;
    const library = await findClockLibrary(directory);
    // The first process of each role has a clock of its own, as on another machine.
    const clockOf = (role, replica) =>
      library && replica === 0 ? new ProcessClock(library, join(directory, `${role}.clock`)) : undefined;
    const newProcess = (role, replica) => new RoleProcess(role, replica, env, directory, clockOf(role, replica));
    const processes = roles.flatMap((role) =>
      Array.from({ length: REPLICAS }, (_, replica) => newProcess(role, replica)),
    );
    for (const one of processes) one.start();
    stopping.unshift(() => Promise.all(processes.map((one) => one.kill())));
    await Promise.all(processes.map((one) => one.ready()));

    const gateways = processes.filter(({ role }) => role === 'gateway');
    const operator = new HttpClient(gateways, tokens.administrator);
    const load = new Load({
      client: operator,
      reviewer: new HttpClient(gateways, tokens.reviewer),
      bootstrap: broker?.bootstrap,
      topic: FACTS,
      chance: chanceOf(seed + 1),
    });
    stopping.unshift(() => load.close());
    const invariants = new Invariants(openStore(postgres.connection, eventStore), load, operator);
    stopping.unshift(() => invariants.close());
    const known = await onboardKnownPeople(invariants.store, operator);

    const outage = new StoreOutage({ server: nodes ?? postgres, processes, token: tokens.administrator, load });
    const clockJump = library && new ClockJump({ processes, tokens, known, chance });
    const faults = new FaultPlan({ chance, processes, postgres, nodes, broker, newProcess, outage, clockJump, short });
    const findings = [];
    while (faults.kills < kills && findings.length === 0) {
      load.start();
      for (const fault of faults.round()) {
        console.log(`  ${await fault()}`);
        findings.push(...(await invariants.acknowledgedAreStored(false)), ...outage.findings.splice(0));
        findings.push(...(clockJump?.findings.splice(0) ?? []));
      }
      await load.end();
      await Promise.all(processes.map((one) => one.ready()));
      findings.push(...(await thoroughly(invariants, broker)), ...load.findings.splice(0));
      console.log(
        `  ${invariants.log.length} events in the log, ${load.acknowledged.size} acknowledged, ${findings.length} findings`,
      );
    }
    await Promise.all(processes.map((one) => one.stop()));
    findings.push(...processes.flatMap((one) => one.findings));
    return {
      findings,
      counts: {
        kills: faults.kills,
        ...faults.others,
        'events acknowledged': load.acknowledged.size,
        'batches sent twice': load.repeats,
        'repeats in the topic': invariants.repeatsInTopic ?? 0,
        lost: invariants.lost,
        doubled: invariants.doubled,
      },
    };
  } finally {
    for (const stop of stopping) await stop();
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function thoroughly(invariants, broker) {
  const publicTypes = new Set(new EventSchemas(catalogue.events).publishedTypes);
  if (broker) await invariants.ingested(INGEST_MS);
  await invariants.settled();
  return [
    ...(await invariants.acknowledgedAreStored(true)),
    ...invariants.decidedOnce(),
    ...invariants.onePersonOneAccount(),
    ...claimsAreGrantedOnce(invariants.log),
    ...capIsKept(invariants.log),
    ...(await invariants.nothingParked()),
    ...(await invariants.feedHasNoHole(publicTypes)),
    ...(broker ? await invariants.topicHasNoHole(EVENTS, publicTypes) : []),
    ...(await invariants.viewsEqualReplay()),
  ];
}

async function probe(eventStore) {
  const store = openStore(undefined, eventStore);
  try {
    await store.head();
  } finally {
    await store.close();
  }
}

const openStore = (connection, eventStore) =>
  eventStore
    ? new EventStoreDBEventStore(eventStore, systemClock, catalogue.stored, {
        lostRejection: ({ message }) => console.log(`  ${message}`),
      })
    : new PostgresEventStore(connection);

const settingsOf = (databaseUrl, bootstrap, eventStore) => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GATEHOUSE_'))),
  GATEHOUSE_PORT: '0',
  GATEHOUSE_LOG_LEVEL: 'warn',
  GATEHOUSE_DATABASE_URL: databaseUrl,
  GATEHOUSE_MASTER_KEY: randomBytes(32).toString('base64'),
  GATEHOUSE_IDENTITY_KEY: randomBytes(32).toString('base64'),
  GATEHOUSE_KEY_DIRECTORY: mkdtempSync(join(tmpdir(), 'gatehouse-crash-keys-')),
  ...(eventStore && { GATEHOUSE_EVENTSTORE_URL: eventStore }),
  ...(bootstrap && { GATEHOUSE_KAFKA_BROKERS: bootstrap }),
});

async function makeTokens(connection) {
  const { dataSource } = await openDatabase(connection, { migrations: catalogue.migrations, entities });
  const registry = new TokenRegistry(dataSource, systemClock);
  const tokenOf = async (name, roles) => (await registry.create({ name, roles, createdBy: 'crash-test' })).secret;
  const made = {
    administrator: await tokenOf('administrator', ['administrator', 'service']),
    reviewer: await tokenOf('reviewer', ['reviewer']),
    reviewerA: await tokenOf('reviewer-a', ['reviewer']),
    reviewerB: await tokenOf('reviewer-b', ['reviewer']),
  };
  await dataSource.destroy();
  return made;
}

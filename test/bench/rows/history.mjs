import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyLog } from '../copied-log.mjs';
import { imageTraffic } from '../image-traffic.mjs';
import { loadFacts } from '../loading.mjs';
import { ms, quantile } from '../measure.mjs';
import { measuredCommand, residentOf } from '../measured-command.mjs';
import { untilReplayed } from '../replayed.mjs';
import { onDatabase, startGateway, startStandalone } from '../standalone.mjs';

const MOST_MS = 50;
const BUDGET_EVENTS = 10_000_000;
/** From here on the log is copied. */
const LARGE = 1_000_000;
const SUBJECTS = 200;
/** Accounts whose export is asked for: each part of one is an event, which the index does not get meanwhile. */
const PERSONS = 100;
/** Subjects of events that are spread over the log. */
const SPREAD = 97;
/** Lists and figures that are read as of a position, and how far into the log that is. */
const AS_OF = ['/v1/cases', '/v1/safety/metrics'];
const AS_OF_PART = 0.9;
const AS_OF_EVENTS = 3_000_000;
const AGAIN = 20;
/** An export of so much smaller a part of the log needs as much memory. */
const PART = 10;
const MOST_GROWTH = 1.2;
const FORMATS = ['parquet', 'ndjson'];
const MIB = 1024 * 1024;

export const name = 'history';
export const budget = `the whole history of one account or image, and the export of a person: p95 <= ${MOST_MS} ms at 10 million events`;

export async function run({ server, logEvents, growthEvents, rounds, log }) {
  const size = growthEvents ?? logEvents;
  const database = await server.createGatehouseDatabase('history_gatehouse');
  try {
    const isLarge = size >= LARGE;
    const { process: serving, head, made } = await (isLarge ? copied : appended)(database.connection, size, log);
    try {
      const about = { size, made, rounds };
      const asked = await histories(serving, head, about);
      if (!isLarge) return [asked];
      const rows = [];
      const shown = (...more) => {
        for (const { what, figure, detail } of more) log(`  ${what}: ${ms(figure)}; ${detail}`);
        rows.push(...more);
      };
      shown(asked);
      shown(...(await asOfMoments(serving, head, about)));
      shown(await searches(serving, head, about));
      shown(...(await ofPersons(serving, head, about)));
      return [...rows, ...(await exported(serving, head, log))];
    } finally {
      await serving.stop();
    }
  } finally {
    await database.drop();
  }
}

async function copied(connection, size, log) {
  log(`  copying ${size} events and their index`);
  const started = performance.now();
  await copyLog(connection, imageTraffic(), size);
  const seconds = Math.round((performance.now() - started) / 1000);
  const process = await startGateway(onDatabase(connection));
  return { process, head: size, made: `copied with the index in ${seconds} s` };
}

async function appended(connection, size, log) {
  log(`  loading ${size} events`);
  await loadFacts(connection, imageTraffic(), size);
  const started = performance.now();
  const process = await startStandalone(onDatabase(connection));
  const head = await process.caughtUp(isIndex);
  const rate = Math.round((size * 1000) / (performance.now() - started)).toLocaleString('en-US');
  await process.caughtUp();
  return { process, head, made: `indexed beside the first build of the views with ${rate} events/s` };
}

const isIndex = (consumer) => consumer === 'subject-index';

async function histories(serving, head, { size, made, rounds }) {
  const subjects = await subjectsOf(serving, head);
  const paths = subjects.map(({ kind, id }) => `/v1/audit/history/${kind}/${id}?limit=1000`);
  const { times, events } = await timed(serving, paths, rounds);
  return measured('the whole history of one subject, p95', times, {
    small: size < BUDGET_EVENTS,
    detail: `${size} events, ${Math.round(events / times.length)} of a subject on average; ${made}`,
  });
}

/** Reads as of a position: the first replays the views of its route, and the others find them. */
async function asOfMoments(serving, head, { size, rounds }) {
  const position = Math.floor(head * AS_OF_PART);
  const rows = [];
  for (const path of AS_OF) {
    const asked = `${path}?asOf=${position}`;
    let mostBytes = residentOf(serving.pid);
    const started = performance.now();
    await untilReplayed(`${serving.url}${asked}`, serving.token, () => {
      mostBytes = Math.max(mostBytes, residentOf(serving.pid));
    });
    const firstMs = performance.now() - started;
    const times = [];
    for (let n = 0; n < AGAIN * rounds; n++) {
      const again = performance.now();
      await serving.ask('GET', asked);
      times.push(performance.now() - again);
    }
    const rate = Math.round((position * 1000) / firstMs).toLocaleString('en-US');
    rows.push(
      measured(`${path} again as of a position, p95`, times, {
        small: size < AS_OF_EVENTS,
        detail: `${size} events; the first read took ${(firstMs / 1000).toFixed(1)} s, ${rate} events/s, the server at most ${Math.round(mostBytes / MIB)} MiB`,
      }),
    );
  }
  return rows;
}

/** By subject, type and time together; by clause; and by what is at a path. */
async function searches(serving, head, { size, rounds }) {
  const subjects = await subjectsOf(serving, head);
  const paths = subjects.map(({ kind, id }, n) => {
    const subject = `subject=${kind}-${id}`;
    if (n % 3 === 0) return `/v1/audit/events?${subject}&types=ImageShared,ImageDownloaded&from=2022-01-01T00:00:00Z`;
    return n % 3 === 1
      ? `/v1/audit/events?clause=violent&after=${Math.floor((head * n) / subjects.length)}&limit=100`
      : `/v1/audit/events?${subject}&path=$.data.audience&value=public`;
  });
  const { times, events } = await timed(serving, paths, rounds);
  return measured('a page of a search by subject, clause, type, time or path, p95', times, {
    small: size < BUDGET_EVENTS,
    detail: `${size} events, ${Math.round(events / times.length)} found on average`,
  });
}

/** Everything that is stored of a person, in parts, and who read it. */
async function ofPersons(serving, head, { size, rounds }) {
  const subjects = await subjectsOf(serving, head);
  const persons = subjects.filter(({ kind }) => kind === 'account').slice(0, PERSONS);
  const exports = [];
  const accesses = [];
  let events = 0;
  for (let round = 0; round <= rounds; round++)
    for (const { id } of persons) {
      const asked = performance.now();
      const found = await exportOf(serving, id);
      const exportedAt = performance.now();
      await serving.ask('GET', `/v1/accesses?person=${id}`);
      if (round === 0) continue; // warm-up
      exports.push(exportedAt - asked);
      accesses.push(performance.now() - exportedAt);
      events += found;
    }
  const small = size < BUDGET_EVENTS;
  const average = Math.round(events / exports.length);
  return [
    measured('the export of a person, all parts, p95', exports, {
      small,
      detail: `${size} events, ${average} of a person on average`,
    }),
    measured('who read the data of a person, p95', accesses, { small, detail: `${size} events` }),
  ];
}

/** @returns the number of its events */
async function exportOf(serving, id) {
  let events = 0;
  for (let after, atHead = false; !atHead; ) {
    const body = { reason: 'a measurement', ...(after && { after }) };
    const part = await serving.ask('POST', `/v1/persons/${id}/exports`, body);
    events += part.events.length;
    ({ next: after, atHead } = part);
  }
  return events;
}

async function timed(serving, paths, rounds) {
  const times = [];
  let events = 0;
  for (let round = 0; round <= rounds; round++)
    for (const path of paths) {
      const asked = performance.now();
      const answer = await serving.ask('GET', path);
      if (round === 0) continue; // warm-up
      times.push(performance.now() - asked);
      events += answer.events.length;
    }
  return { times, events };
}

const measured = (what, times, { small, detail }) => {
  const figure = quantile(times, 0.95);
  return {
    ...{ what, budget: `<= ${MOST_MS} ms`, unit: 'ms', figure, met: figure <= MOST_MS, small },
    detail: `median ${ms(quantile(times, 0.5))}; ${detail}`,
  };
};

/** The most memory of the two processes while a part of the log and all of it is exported. */
async function exported(serving, head, log) {
  const rows = [];
  for (const format of FORMATS) {
    const part = await exportTo(serving, Math.floor(head / PART), format);
    const whole = await exportTo(serving, head, format);
    const ratio = whole.mostBytes / part.mostBytes;
    log(`  ${format}: ${JSON.stringify({ part, whole })}`);
    rows.push({
      what: `export of all events as ${format}: memory of the command and the server, peak`,
      budget: `<= ${MOST_GROWTH} x that of a tenth of them`,
      unit: 'MiB',
      figure: whole.mostBytes / MIB,
      against: 'a tenth',
      yardstick: part.mostBytes / MIB,
      ratio,
      met: ratio <= MOST_GROWTH,
      small: head < BUDGET_EVENTS,
      detail: `${head} events, ${Math.round(head / whole.seconds).toLocaleString('en-US')} events/s`,
    });
  }
  return rows;
}

async function exportTo(serving, to, format) {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-export-'));
  rmSync(folder, { recursive: true });
  try {
    const args = ['export', 'events', folder, '--to', String(to), '--format', format, '--reason', 'a measurement'];
    const { seconds, mostBytes } = await measuredCommand(serving, args);
    return { mostBytes: mostBytes.both, seconds };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Accounts and images in turn, of events that are spread over the log. */
async function subjectsOf(serving, head) {
  const subjects = [];
  for (let n = 0; n < SUBJECTS; n++) {
    const after = Math.floor((head * ((n * SPREAD) % SUBJECTS)) / SUBJECTS);
    const { events } = await serving.ask('GET', `/v1/log?after=${after}&limit=1`);
    const { accountId, imageId } = events[0].data;
    subjects.push(n % 2 === 0 && accountId ? { kind: 'account', id: accountId } : { kind: 'image', id: imageId });
  }
  return subjects;
}

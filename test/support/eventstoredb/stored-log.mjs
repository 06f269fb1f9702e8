import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';

const RECORD_BYTES = 180;

/** The records of a server, in memory and in a file of JSON lines that survives a kill. */
export class StoredLog {
  /** @type {{ stream: string, revision: number, position: number, id: string, type: string, json: boolean, data: string, metadata: string, created: number }[]} */
  records = [];
  streams = new Map();
  readers = new Set();
  end = 0;

  constructor(path) {
    if (path && existsSync(path)) {
      for (const line of readFileSync(path, 'utf8').split('\n')) if (line) this.add(JSON.parse(line));
    }
    this.file = path && openSync(path, 'a');
    // A server's own records stand between ours.
    if (this.records.length === 0) {
      const event = { id: '00000000-0000-4000-8000-000000000001', type: '$UserCreated', json: true };
      this.store([{ ...event, data: encode({}), metadata: encode({}) }], '$users');
    }
  }

  /** @returns {{ revision: number, position: number } | { actual: number }} */
  append(stream, expected, events) {
    const known = this.streams.get(stream) ?? [];
    const actual = known.length - 1;
    if (events.length === 0) return { revision: actual, position: this.end };
    const first = expected === 'any' ? known.findIndex(({ id }) => id === events[0].id) : expected + 1;
    const repeated = first >= 0 && events.every(({ id }, n) => known[first + n]?.id === id);
    if (repeated) {
      const last = known[first + events.length - 1];
      return { revision: last.revision, position: last.position };
    }
    if (expected !== 'any' && expected !== actual) return { actual };
    const last = this.store(events, stream);
    for (const reader of this.readers) reader();
    return { revision: last.revision, position: last.position };
  }

  /** Index of the record at a position; undefined if none begins there, the number of records beyond the end. */
  indexOf(position) {
    if (position > (this.records.at(-1)?.position ?? 0)) return this.records.length;
    let low = 0;
    let high = this.records.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = this.records[middle].position;
      if (found === position) return middle;
      if (found < position) low = middle + 1;
      else high = middle - 1;
    }
    return undefined;
  }

  store(events, stream) {
    let text = '';
    for (const event of events) {
      const revision = this.streams.get(stream)?.length ?? 0;
      const record = { ...event, stream, revision, position: this.end, created: Date.now() };
      this.add(record);
      text += `${JSON.stringify(record)}\n`;
    }
    if (this.file) writeSync(this.file, text);
    return this.streams.get(stream).at(-1);
  }

  add(record) {
    this.records.push(record);
    const stream = this.streams.get(record.stream);
    if (stream) stream.push(record);
    else this.streams.set(record.stream, [record]);
    this.end = record.position + RECORD_BYTES + record.stream.length + record.data.length + record.metadata.length;
  }

  close() {
    if (this.file) closeSync(this.file);
  }
}

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64');

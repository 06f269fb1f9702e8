import { Inject, Injectable } from '@nestjs/common';
import type { EventStore } from '../../event-store/event-store.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { SubjectEvents } from '../../history/index.js';
import { parsePosition, readFromGiven } from '../../http/position-text.js';
import type { Position, RecordedEvent } from '../../kernel/envelope.js';
import { GatehouseError } from '../../kernel/errors.js';
import { storableKey } from '../../kernel/text-forms.js';
import { EVENT_STORE } from '../../platform/ports.js';
import { MAX_BUNDLE_EVENTS } from '../evidence/bundle-format.js';

/** Entities whose events can be asked for by their id. */
export const SUBJECT_KINDS = ['account', 'image', 'case', 'enforcement', 'appeal'] as const;
export const EVIDENCE_KINDS = ['event', 'position', ...SUBJECT_KINDS] as const;
export type EvidenceKind = (typeof EVIDENCE_KINDS)[number];

const PAGE = 2_000;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Finds the events that somebody wants to have proved, in the order of the log. */
@Injectable()
export class FindEvents {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(SubjectEvents) private readonly subjects: SubjectEvents,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
  ) {}

  /**
   * @param kind what the id is of; without it a position, an event or every entity with that id
   * @throws GatehouseError if there are more than a bundle may have; Unavailable `index-behind`
   */
  async find(id: string, kind?: EvidenceKind): Promise<RecordedEvent[]> {
    const position = kind === undefined || kind === 'position' ? parsePosition(id, this.epoch.current) : undefined;
    if (position !== undefined) return this.at([position]);
    if (kind === 'position') return [];
    if (UUID.test(id) && (kind === undefined || kind === 'event')) {
      const place = (await this.store.placesOf([id])).get(id);
      if (place !== undefined) return (await this.at([place])).filter((event) => event.id === id);
    }
    if (kind === 'event') return [];
    return this.ofSubjects((kind === undefined ? SUBJECT_KINDS : [kind]).map((one) => `${one}-${id}`));
  }

  private async at(positions: readonly Position[]): Promise<RecordedEvent[]> {
    const found: RecordedEvent[] = [];
    for (const position of positions) {
      if (position < 1) continue;
      const { events } = await readFromGiven(this.epoch.current, () =>
        this.store.readAll(position, { limit: 1, including: true }),
      );
      found.push(...events.filter((event) => event.position === position));
    }
    return found;
  }

  /** Decisions have a stream for each entity; facts about it lie in shared streams, where the index of subjects finds them. */
  private async ofSubjects(subjects: readonly string[]): Promise<RecordedEvent[]> {
    const found: RecordedEvent[] = [];
    const head = await this.store.head();
    for (const subject of subjects) {
      found.push(...(await this.store.readStream(subject, 0, MAX_BUNDLE_EVENTS + 1)));
      for await (const event of this.concerning(subject, head)) {
        if (event.stream === subject || event.metadata.subject !== subject) continue;
        found.push(event);
        refuseTooMany(found);
      }
      refuseTooMany(found);
    }
    return found.sort((one, other) => one.position - other.position);
  }

  private async *concerning(subject: string, head: Position): AsyncGenerator<RecordedEvent> {
    let isLast = false;
    for (let after: Position = 0; !isLast; ) {
      const page = await this.subjects.read([storableKey(subject)], after, head, PAGE);
      yield* page.events;
      isLast = page.isLast;
      after = page.events.at(-1)?.position ?? head;
    }
  }
}

function refuseTooMany(found: readonly unknown[]): void {
  if (found.length > MAX_BUNDLE_EVENTS)
    throw new GatehouseError(
      'too-many-events',
      `there are more than ${MAX_BUNDLE_EVENTS} events, which is the most that one bundle has: name a kind, an event or a position`,
      'too-large',
    );
}

import { earlierMoment } from '../kernel/earlier-moment.js';
import type { Position, RecordedEvent } from '../kernel/envelope.js';
import type { Page, ReadAllOptions } from './event-store.js';
import { ForwardingEventStore } from './forwarding-event-store.js';

/** A store whose log, for work as of an earlier moment, ends there. Writes go to the present. */
export class EarlierEventStore extends ForwardingEventStore {
  override async readStream(stream: string, from?: number, limit?: number): Promise<RecordedEvent[]> {
    return byThen(await this.store.readStream(stream, from, limit));
  }

  override async readStreamTail(stream: string, limit: number): Promise<RecordedEvent[]> {
    const moment = earlierMoment();
    if (!moment) return this.store.readStreamTail(stream, limit);
    const end = await this.endOf(stream, moment.position);
    return byThen(await this.store.readStream(stream, Math.max(0, end - limit), Math.min(limit, end)));
  }

  /** The revision after the last one that was stored by a position: positions rise with revisions, so some dozen events are read. */
  private async endOf(stream: string, position: Position): Promise<number> {
    const [newest] = await this.store.readStreamTail(stream, 1);
    let [from, end] = [0, newest ? newest.revision + 1 : 0];
    if (newest && newest.position <= position) return end;
    while (from < end) {
      const middle = Math.floor((from + end) / 2);
      const [event] = await this.store.readStream(stream, middle, 1);
      if (!event || event.position > position) end = middle;
      else from = event.revision + 1;
    }
    return end;
  }

  override async readAll(after: Position, options?: ReadAllOptions): Promise<Page> {
    const moment = earlierMoment();
    if (!moment) return this.store.readAll(after, options);
    if (after > moment.position) return { events: [], next: after, atHead: true };
    const page = await this.store.readAll(after, options);
    if (page.next < moment.position) return page;
    return { ...page, events: byThen(page.events), next: Math.min(page.next, moment.position), atHead: true };
  }

  override async readPositions(positions: readonly Position[]): Promise<RecordedEvent[]> {
    return byThen(await this.store.readPositions(positions));
  }

  override async head(): Promise<Position> {
    return earlierMoment()?.position ?? this.store.head();
  }

  override async placesOf(ids: readonly string[]): Promise<ReadonlyMap<string, Position>> {
    const places = await this.store.placesOf(ids);
    const moment = earlierMoment();
    return moment ? new Map([...places].filter(([, position]) => position <= moment.position)) : places;
  }
}

function byThen(events: RecordedEvent[]): RecordedEvent[] {
  const moment = earlierMoment();
  return moment ? events.filter(({ position }) => position <= moment.position) : events;
}

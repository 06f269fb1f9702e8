import type { EventStore } from '../../event-store/event-store.js';
import { earlierMomentOf } from '../../http/moment.js';
import type { Listing } from '../../http/paging.js';
import type { Clock } from '../../kernel/clock.js';
import { asOfMoment } from '../../kernel/earlier-moment.js';
import type { Position, RecordedEvent } from '../../kernel/envelope.js';
import { InvalidInput, Unavailable } from '../../kernel/errors.js';
import { changesBetween } from '../../kernel/json-changes.js';
import { isInstant, parseInstant } from '../../kernel/text-forms.js';
import type { EarlierAnswers } from '../../projections/earlier-answers.js';
import type { EarlierViews } from '../../projections/earlier-views.js';
import type { Rebuilder } from '../../projections/rebuilder.js';
import { replayRunning } from '../../projections/replay-running.js';
import type { View } from '../../projections/view.js';
import { SAFETY_SOURCES, type SafetyAnswer, type SafetyReport } from '../../safety/index.js';
import type { TimeOf } from './histories.js';
import type { MetricsHistoryAnswer } from './metrics-history-answer.js';
import type { MetricsMoves } from './metrics-moves.js';

const SOURCES = SAFETY_SOURCES as unknown as readonly View[];

export interface MetricsHistoryRequest {
  asOf?: string | undefined;
  by: TimeOf;
  /** With event times: what was stored later is left out. The head by default. */
  known?: Position | undefined;
  listing: Listing;
  after: Position;
  limit: number;
}

type Figures = Omit<SafetyAnswer, 'position'>;

interface Cut {
  position: Position;
  time: string | null;
  figures: Figures;
  isPart(event: RecordedEvent): boolean;
}

/** The safety metrics at a moment, what has become of them since, and the events that moved each count. */
export class MetricsHistory {
  /** @param answers of replays by event times */
  constructor(
    private readonly ports: {
      store: EventStore;
      epoch: { readonly current: string };
      clock: Clock;
      report: Pick<SafetyReport, 'read'>;
      earlier: Pick<EarlierViews, 'schemasAt'>;
      rebuilder: Pick<Rebuilder, 'ofEvents'>;
      moves: MetricsMoves;
      answers: EarlierAnswers<Figures>;
    },
  ) {}

  /** @throws InvalidInput, PositionGone; Unavailable `index-behind`, `replay-running` */
  async read(request: MetricsHistoryRequest): Promise<MetricsHistoryAnswer> {
    const { store, report, moves } = this.ports;
    const head = await store.head();
    const cut = await this.cutAt(request, head);
    const now = await report.read(undefined, {});
    const page = await moves.read(request.after, head, request.limit);
    return {
      asOf: { position: String(cut.position), time: cut.time, by: request.by },
      figures: cut.figures.whole,
      figuresNow: now.whole,
      changes: changesBetween(cut.figures.whole, now.whole),
      events: page.moves.map(({ event, moved }) => ({
        position: String(event.position),
        id: event.id,
        type: event.type,
        stream: event.stream,
        time: event.metadata.time,
        recordedAt: event.recordedAt,
        ...(event.metadata.actor && { actor: event.metadata.actor }),
        moved,
        isLater: !cut.isPart(event),
      })),
      areMovesComplete: page.areComplete,
      lookedUpTo: String(page.next),
      ...(page.isLast ? {} : { nextCursor: request.listing.cursorAfter([page.next]) }),
      position: String(head),
    };
  }

  private async cutAt({ asOf, by, known }: MetricsHistoryRequest, head: Position): Promise<Cut> {
    const { store, epoch, clock, report, earlier } = this.ports;
    if (known !== undefined && known > head)
      throw new InvalidInput([{ field: 'known', message: `must be stored: the log ends at position ${head}` }]);
    if (by === 'event-time') return this.happenedBy(asOf, known ?? head);
    if (known !== undefined)
      throw new InvalidInput([{ field: 'known', message: 'is for by=event-time: give asOf as a position instead' }]);
    const isPart = (position: Position) => (event: RecordedEvent) => event.position <= position;
    if (asOf === undefined)
      return { position: head, time: null, figures: await report.read(undefined, {}), isPart: isPart(head) };
    const moment = await earlierMomentOf(asOf, 'asOf', { store, epoch: epoch.current, clock });
    const { position } = moment;
    const views = await earlier.schemasAt(SOURCES, position);
    const figures = await asOfMoment({ ...moment, views }, () => report.read(undefined, {}));
    return { position, time: isInstant(asOf) ? asOf : null, figures, isPart: isPart(position) };
  }

  private async happenedBy(asOf: string | undefined, position: Position): Promise<Cut> {
    const { report, rebuilder, answers, epoch } = this.ports;
    const time = asOf === undefined ? undefined : parseInstant(asOf);
    if (asOf === undefined || !isInstant(asOf) || time === undefined)
      throw new InvalidInput([{ field: 'by', message: 'event-time compares times: give asOf as a time' }]);
    const isPart = (event: RecordedEvent) => Date.parse(event.metadata.time) <= time && event.position <= position;
    const replay = () => rebuilder.ofEvents(isPart).readAt(SOURCES, position, (db) => report.read(undefined, {}, db));
    try {
      const figures = await answers.read(JSON.stringify([epoch.current, time, position]), replay);
      return { position, time: asOf, figures, isPart };
    } catch (error) {
      if (!(error instanceof Unavailable) || error.code !== 'replay-running') throw error;
      throw replayRunning(`the log is being replayed; give known=${position}, so that the answer is of this replay`);
    }
  }
}

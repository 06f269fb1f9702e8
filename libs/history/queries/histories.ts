import type { Catalogue } from '../../context/catalogue.js';
import type { EventStore } from '../../event-store/event-store.js';
import { positionOfMoment } from '../../http/moment.js';
import type { Listing } from '../../http/paging.js';
import type { Position, RecordedEvent } from '../../kernel/envelope.js';
import { InvalidInput, NotFound } from '../../kernel/errors.js';
import { isInstant, parseInstant } from '../../kernel/text-forms.js';
import type { SubjectEvents } from '../places/events-of-subjects.js';
import { type SubjectKind, subjectOf } from '../subjects.js';
import type { CountsInExplanations } from './counts-again.js';
import { Explanations } from './explain-event.js';
import type { Explanation } from './explanation.js';
import { followCauses } from './followed-causes.js';
import { type HistoryAnswer, historyEvent } from './history-answer.js';
import { cursorBehind } from './paging-by-position.js';
import {
  type AnyStream,
  HISTORY_KINDS,
  type HistoryKind,
  type SingleKind,
  type SubjectState,
  type SubjectStates,
  statesOfStream,
  statesOfView,
} from './subject-states.js';

/** Events of a subject from which the row of a view is folded. */
const MOST_FOLDED = 20_000;

export type TimeOf = 'recorded' | 'event-time';

export interface HistoryRequest {
  /** A position or a time, as clients give it. */
  asOf?: string | undefined;
  by: TimeOf;
  /** The list that its cursors belong to. */
  listing: Listing;
  /** Only events after this position. */
  after: Position;
  limit: number;
  /** Whether decisions are made again. */
  explain?: boolean;
}

interface Cut {
  position: Position;
  time: string | null;
  isPart(event: RecordedEvent): boolean;
}

/** The history of one subject: its state at a moment, the events that made it, and how later ones changed it. */
export class Histories {
  constructor(
    private readonly store: EventStore,
    private readonly subjects: SubjectEvents,
    private readonly catalogue: Pick<Catalogue, 'contexts' | 'views'>,
    private readonly epoch: { current: string },
    private readonly countsInExplanations: () => CountsInExplanations,
  ) {}

  /** @throws NotFound `history-unknown`; InvalidInput, PositionGone; Unavailable `index-behind` */
  async ofSubject(kind: HistoryKind, id: string, request: HistoryRequest): Promise<HistoryAnswer> {
    const head = await this.store.head();
    const cut = await this.cutAt(request, head);
    const { streams, views } = HISTORY_KINDS[kind];
    const named = subjectsOfHistory(kind, id);
    const found: SubjectStates[] = await Promise.all(
      streams.map(async (category) => {
        const stream = `${category}-${id}`;
        const events = (await this.store.readStream(stream)).filter(({ position }) => position <= head);
        return statesOfStream(this.streamOf(category), stream, events, cut.isPart);
      }),
    );
    const page = await this.subjects.read(named, request.after, head, request.limit);
    if (page.events.length === 0 && request.after === 0)
      throw new NotFound('history-unknown', `no event concerns ${kind} ${id}; check the id`);
    if (views.length > 0) {
      const isWhole = request.after === 0 && page.isLast;
      const all = isWhole ? page : await this.subjects.read(named, 0, head, MOST_FOLDED);
      for (const name of views) {
        const view = this.catalogue.views.find((one) => one.name === name)!;
        found.push(statesOfView(view, id, all.events, cut.isPart));
      }
    }
    return this.answer({ kind, id, request, head, cut, found, page });
  }

  /** The same of what has a single stream. */
  async ofStream(kind: SingleKind, request: HistoryRequest): Promise<HistoryAnswer> {
    const head = await this.store.head();
    const cut = await this.cutAt(request, head);
    const all = (await this.store.readStream(kind)).filter(({ position }) => position <= head);
    const found = [statesOfStream(this.streamOf(kind), kind, all, cut.isPart)];
    const after = all.filter(({ position }) => position > request.after);
    const page = { events: after.slice(0, request.limit), isLast: after.length <= request.limit };
    return this.answer({ kind, id: null, request, head, cut, found, page });
  }

  private async answer({
    kind,
    id,
    request,
    head,
    cut,
    found,
    page,
  }: {
    kind: string;
    id: string | null;
    request: HistoryRequest;
    head: Position;
    cut: Cut;
    found: readonly SubjectStates[];
    page: { events: RecordedEvent[]; isLast: boolean };
  }): Promise<HistoryAnswer> {
    const causes = await followCauses(page.events, head, { subjects: this.subjects, store: this.store });
    const states = found.flatMap((one): SubjectState[] => one.states);
    const explanations = new Map<string, Explanation>();
    const again = new Explanations(this.store, this.catalogue.contexts);
    const counts = this.countsInExplanations();
    for (const event of request.explain ? page.events : []) {
      const explanation = await again.of(event);
      if (explanation) explanations.set(event.id, await counts.addTo(event, explanation));
    }
    const shown = request.by === 'event-time' ? [...page.events].sort(byTime) : page.events;
    return {
      kind,
      id,
      asOf: { position: String(cut.position), time: cut.time, by: request.by },
      states,
      events: shown.map((event) =>
        historyEvent(event, {
          cause: causes.causeOf(event),
          effects: causes.effectsOf(event),
          changes: found.flatMap(({ changes }) => changes.get(event.id) ?? []),
          ...(explanations.has(event.id) && { explanation: explanations.get(event.id)! }),
          isLater: !cut.isPart(event),
        }),
      ),
      areEffectsComplete: causes.areComplete,
      ...cursorBehind(request.listing, page),
      position: String(head),
    };
  }

  private async cutAt({ asOf, by }: HistoryRequest, head: Position): Promise<Cut> {
    if (asOf === undefined) {
      if (by === 'event-time') return { position: head, time: null, isPart: () => true };
      return { position: head, time: null, isPart: ({ position }) => position <= head };
    }
    const time = isInstant(asOf) ? asOf : null;
    if (by === 'event-time') {
      if (time === null)
        throw new InvalidInput([{ field: 'by', message: 'event-time compares times: give asOf as a time' }]);
      const limit = parseInstant(time)!;
      return { position: head, time, isPart: ({ metadata }) => Date.parse(metadata.time) <= limit };
    }
    const { store, epoch } = this;
    const position = await positionOfMoment(asOf, 'asOf', { store, epoch: epoch.current });
    return { position, time, isPart: (event) => event.position <= position };
  }

  private streamOf(category: string): AnyStream {
    const kind = this.catalogue.contexts
      .flatMap(({ streams = [] }) => streams)
      .find((one) => one.category === category);
    if (!kind) throw new Error(`no context has streams of the category ${category}`);
    return kind;
  }
}

const byTime = (a: RecordedEvent, b: RecordedEvent): number =>
  Date.parse(a.metadata.time) - Date.parse(b.metadata.time) || a.position - b.position;

/** A case has the id of its image, and its enforcement that of the case. */
function subjectsOfHistory(kind: HistoryKind, id: string): string[] {
  const others: readonly SubjectKind[] = kind === 'image' ? ['case'] : kind === 'enforcement' ? ['case'] : [];
  return [kind, ...others].map((one) => subjectOf(one, id));
}

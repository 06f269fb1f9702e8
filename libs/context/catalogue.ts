import type { CommandBus } from '@nestjs/cqrs';
import { type EventDefinition, isPublished } from '../events/event-definition.js';
import { NoOpRecorded } from '../events/no-op-recorded.js';
import { StoredEvents } from '../events/stored-events.js';
import type { ApiGroup } from '../http/openapi/api-description.js';
import type { InboundCommand } from '../ingest/ingest.js';
import type { MigrationClass } from '../platform/database/migrate.js';
import type { View } from '../projections/view.js';
import type { Context } from './context.js';

/** The category of the streams of facts. */
const FACTS = 'facts';

/** What the contexts of an application contribute together. */
export class Catalogue {
  /** Every event type, for documentation, validation and encryption. */
  readonly events: readonly EventDefinition[];
  /** Every read model. */
  readonly views: readonly View[];
  /** Every migration of the database, in the order of the number in its name. */
  readonly migrations: readonly MigrationClass[];
  /** In the order of the contexts; the documents merge groups of the same name. */
  readonly groups: readonly ApiGroup[];
  /** Events that other systems may send: facts, and those that are commands here. */
  readonly incoming: readonly EventDefinition[];
  /** Which stored events are ours, and which of them can be used. */
  readonly stored: StoredEvents;
  /** Events that are published. */
  readonly outgoing: readonly EventDefinition[];

  /** @throws Error when two contexts define the same event, view or migration */
  constructor(readonly contexts: readonly Context[]) {
    this.events = [...contexts.flatMap(({ events = [] }) => events), NoOpRecorded];
    this.views = contexts.flatMap(({ views = [] }) => views);
    this.migrations = contexts
      .flatMap(({ migrations = [] }) => migrations)
      .sort((a, b) => numberOf(a.name) - numberOf(b.name));
    this.groups = contexts.flatMap(({ routes = [] }) => routes);
    // Only the types are read; no command is executed.
    const commandTypes = this.inbound({} as CommandBus).map(({ type }) => type);
    this.incoming = this.events.filter(({ type, fact }) => fact !== undefined || commandTypes.includes(type));
    const streams = contexts.flatMap((context) => context.streams ?? []);
    const decisive = streams.filter(({ evolveBroken }) => evolveBroken !== undefined);
    const categoriesOf = (kinds: typeof streams) => kinds.map(({ category }) => category);
    this.stored = new StoredEvents(this.events, [FACTS, ...categoriesOf(streams)], categoriesOf(decisive));
    this.outgoing = this.events.filter(isPublished);
    refuseRepeats({
      'event type': this.events.map(({ type }) => type),
      view: this.views.map(({ name }) => name),
      migration: this.migrations.map(({ name }) => name),
      'inbound command': commandTypes,
    });
  }

  /** Events of other systems that are processed as commands; every other event that is accepted is a fact. */
  inbound(commands: CommandBus): InboundCommand[] {
    return this.contexts.flatMap(({ inbound }) => inbound?.(commands) ?? []);
  }

  /** Whether the endpoints accept events of this type. */
  readonly accepts = (definition: EventDefinition): boolean => this.incoming.includes(definition);
}

const numberOf = (migration: string): number => Number(/\d+$/.exec(migration)?.[0]);

function refuseRepeats(named: Record<string, readonly string[]>): void {
  for (const [what, names] of Object.entries(named)) {
    const repeated = names.filter((name, index) => names.indexOf(name) !== index);
    if (repeated.length > 0) throw new Error(`two contexts define the ${what} ${repeated.join(', ')}; rename one`);
  }
}

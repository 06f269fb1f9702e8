import { Controller, Get, Inject } from '@nestjs/common';
import { type Static, Type } from 'typebox';
import { Catalogue } from '../../context/catalogue.js';
import { Roles } from '../../http/credentials/route-access.js';
import { closed, count, flag, list, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import type { Pool } from '../../platform/database/database.js';
import { POOL } from '../../platform/ports.js';
import { liveBuild } from '../../projections/builds.js';
import type { View } from '../../projections/view.js';
import { ViewReader } from '../../projections/view-reader.js';
import { type ParkedKey, parkedKeys, progressOfAll } from '../../subscriptions/checkpoints.js';
import { REACTOR_PREFIX } from '../../subscriptions/reactor.js';

const parked = list(
  closed({
    key: text('The parked key.'),
    position: position('The position of the event that could not be processed.'),
    eventType: text('The type of that event.'),
    error: text('Why its processing failed.'),
  }),
  'The parked keys.',
);

const ViewAnswer = closed({
  name: text('The view.'),
  version: count('Increases if the shape or meaning of the view changes.'),
  summary: text('What it contains.'),
  types: list(Type.String(), 'The event types it reads.'),
  live: flag('Whether it serves queries.'),
  position: position('The position of its checkpoint.'),
  rows: count('The approximate number of rows.'),
  parked,
});
type ViewAnswer = Static<typeof ViewAnswer>;

const ConsumerAnswer = closed({
  name: text('The consumer.'),
  position: position('The position of its checkpoint.'),
  parked,
});
type ConsumerAnswer = Static<typeof ConsumerAnswer>;

export const ViewsAnswer = closed({
  items: list(ViewAnswer, 'The views.'),
  reactions: list(
    ConsumerAnswer,
    'Consumers that act on events: cases, enforcement, onboarding. They retry a parked key each minute.',
  ),
});
export type ViewsAnswer = Static<typeof ViewsAnswer>;

@Controller('v1/views')
export class ListViewsController {
  constructor(
    @Inject(POOL) private readonly pool: Pool,
    @Inject(Catalogue) private readonly catalogue: Catalogue,
    @Inject(ViewReader) private readonly reader: ViewReader,
  ) {}

  @Get()
  @Roles('operator', 'compliance', 'administrator')
  @Operation('Every read model with its version, position and rows, every consumer that acts, and their parked keys', {
    answer: answer('Views', 'The views.', ViewsAnswer),
  })
  async listViews(): Promise<ViewsAnswer> {
    const keys = await parkedKeys(this.pool);
    const items = await Promise.all(this.catalogue.views.map((view) => this.viewAnswer(view, keys)));
    return { items, reactions: await this.consumers(keys) };
  }

  private async viewAnswer(view: View, keys: readonly ParkedKey[]): Promise<ViewAnswer> {
    const live = await liveBuild(this.pool, view);
    return {
      name: view.name,
      version: view.version,
      summary: view.summary,
      types: [...view.types],
      live: live !== undefined,
      position: String(await this.reader.position(view)),
      rows: live ? await live.tables.approximateRows(this.pool) : 0,
      parked: live ? parkedBy(live.consumer, keys) : [],
    };
  }

  /** Only those that have a checkpoint. */
  private async consumers(keys: readonly ParkedKey[]): Promise<ConsumerAnswer[]> {
    const consumers = await progressOfAll(this.pool);
    return [...consumers]
      .filter(([consumer]) => consumer.startsWith(REACTOR_PREFIX))
      .map(([consumer, { position: reached }]) => ({
        name: consumer.slice(REACTOR_PREFIX.length),
        position: String(reached),
        parked: parkedBy(consumer, keys),
      }));
  }
}

const parkedBy = (name: string, keys: readonly ParkedKey[]) =>
  keys
    .filter(({ consumer }) => consumer === name)
    .map(({ key, position: place, eventType, error }) => ({ key, position: String(place), eventType, error }));

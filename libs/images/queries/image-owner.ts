import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { earlierMoment } from '../../kernel/earlier-moment.js';
import type { Position } from '../../kernel/envelope.js';
import { NotCaughtUp } from '../../kernel/errors.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { arrayParameter } from '../../platform/database/array-parameters.js';
import { POOL, SETTINGS } from '../../platform/ports.js';
import type { ViewRow } from '../../projections/view.js';
import { type Found, viewLookup } from '../../projections/view-lookup.js';
import { queryView, ViewNotBuilt } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { eventsAhead } from '../../subscriptions/events-ahead.js';
import { LogTail } from '../../subscriptions/log-tail.js';
import { ImageGenerated } from '../events.js';
import { type ImageRow, imagesView } from '../views/images.js';
import { IMAGE_COLUMNS } from './image-facts.js';

/** Looks up the owner of an image for decisions that need it. */
@Injectable()
export class ImageOwners {
  private readonly lookup: ReturnType<typeof viewLookup>;

  constructor(
    @Inject(POOL) pool: pg.Pool,
    @Inject(LogTail) private readonly log: LogTail,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'decisionWaitMs'>,
  ) {
    this.lookup = viewLookup(pool, imagesView, IMAGE_COLUMNS);
  }

  /**
   * The owner by every event stored so far: a later report of an earlier generation changes it.
   * @param head of the log since the decision began, if the caller has read it
   * @returns `isParked` if an event of this image can't be used, so that the owner may be unknown or wrong
   * @throws NotCaughtUp if the view is too far behind
   */
  async find(imageId: string, head?: Position): Promise<{ owner?: string; isParked: boolean }> {
    const { image, isParked } = await this.ahead(
      imageId,
      await this.lookup(imageId),
      this.settings.decisionWaitMs,
      head,
    );
    return { ...(image && { owner: image.account_id }), isParked };
  }

  /**
   * The owner for what must not wait: as the view has it, or else as the next page after it reports it, since an image and the
   * first flag of it may be stored at once.
   */
  async findAtOnce(imageId: string): Promise<string | undefined> {
    const found = await this.lookup(imageId);
    if (found.row) return found.row.account_id;
    try {
      return (await this.ahead(imageId, found, 0)).image?.account_id;
    } catch (error) {
      if (error instanceof NotCaughtUp) return undefined;
      throw error;
    }
  }

  /** The row of the view by every event stored so far. @throws NotCaughtUp */
  async row(imageId: string): Promise<{ image: ImageRow | undefined; isParked: boolean }> {
    return this.ahead(imageId, await this.lookup(imageId), this.settings.decisionWaitMs);
  }

  /** Adds to what the view has what is stored after it. @throws NotCaughtUp */
  private async ahead(imageId: string, { row, asOf, isParked }: Found, limitMs: number, head?: Position) {
    if (earlierMoment()) return { image: row && toRow(row), isParked };
    const view = { consumer: `view:${imagesView.name}`, position: asOf, limitMs, ...(head !== undefined && { head }) };
    const ahead = await eventsAhead(this.log, ImageGenerated, view, imageId, ({ data }) => data.imageId);
    let image = row && toRow(row);
    for (const event of ahead.events) image = imagesView.evolve(image, event, imageId);
    return { image, isParked: isParked || ahead.isBroken };
  }
}

/** As the view folds it: the driver returns times as dates and 64-bit integers as strings. */
const toRow = (row: ViewRow): ImageRow =>
  ({
    ...row,
    generated_at: new Date(row.generated_at).getTime(),
    event_position: Number(row.event_position),
  }) as ImageRow;
/** SQL of the account that generated an image, null if the view does not have it. @param imageId a column */
export const ownerOfColumn = (imageId: string): string =>
  `(SELECT i.account_id FROM ${viewTable(imagesView)} i WHERE i.image_id = ${imageId})`;

/** The accounts that generated these images, in one query; without those that the view does not have. */
export async function ownersOf(pool: pg.Pool, imageIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
  try {
    const { rows } = await queryView(pool, {
      text: `SELECT image_id, account_id FROM ${viewTable(imagesView)} WHERE image_id = ANY($1::text[])`,
      values: [arrayParameter('text', imageIds)],
    });
    return new Map(rows.map(({ image_id, account_id }) => [image_id, account_id]));
  } catch (error) {
    if (error instanceof ViewNotBuilt) return new Map();
    throw error;
  }
}

import type pg from 'pg';
import { accountStream } from '../../account/index.js';
import type { EventStore } from '../../event-store/event-store.js';
import { imagesView } from '../../images/index.js';
import { utcDayOf } from '../../kernel/clock.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { queryView } from '../../projections/view-query.js';
import type { ViewReader } from '../../projections/view-reader.js';
import { viewTable } from '../../projections/view-tables.js';
import { dayOf } from '../submission.js';

const GENERATED = `SELECT (extract(epoch FROM generated_at) * 1000)::float8 AS at FROM ${viewTable(imagesView)}
  WHERE image_id = $1::text`;

/** The days that statements of reasons name as those of the content. */
export class ContentDays {
  constructor(
    private readonly store: EventStore,
    private readonly pool: Pick<pg.Pool, 'query'>,
    private readonly views: Pick<ViewReader, 'reached'>,
    private readonly waitMs: number,
  ) {}

  /** The day on which the account began; that of the decision if nothing is known before it. */
  async ofAccount(accountId: string, decision: RecordedEvent): Promise<string> {
    const [first] = await this.store.readStream(`${accountStream.category}-${accountId}`, 0, 1);
    return earlierOf(first?.metadata.time, decision);
  }

  /**
   * The day on which the image was made; that on which its case was opened if nobody reported the image.
   * @param openedAt epoch milliseconds; 0 if that is not known
   * @throws NotCaughtUp
   */
  async ofImage(imageId: string, openedAt: number, decision: RecordedEvent): Promise<string> {
    await this.views.reached(imagesView, decision.position, this.waitMs);
    const { rows } = await queryView(this.pool, { text: GENERATED, values: [imageId] });
    const at: number = rows[0]?.at ?? openedAt;
    return earlierOf(at > 0 ? dayOf(at) : undefined, decision);
  }
}

/** A sender's clock may be ahead. */
function earlierOf(time: string | undefined, { recordedAt }: RecordedEvent): string {
  const decided = utcDayOf(recordedAt);
  return [decided, ...(time === undefined ? [] : [utcDayOf(time)])].sort()[0]!;
}

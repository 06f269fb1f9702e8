import type pg from 'pg';
import type { EventStore } from '../../event-store/event-store.js';
import type { Transactor } from '../../event-store/transact.js';
import { isOf } from '../../events/event-definition.js';
import { imagesView, reachOf } from '../../images/index.js';
import type { PersonKeys } from '../../platform/personal-data/person-keys.js';
import { queryView, ViewNotBuilt } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { caseStream } from '../case.js';
import { CaseOpened } from '../events.js';
import { fractionOf } from '../further-review.js';
import { reviewSettingsStream } from '../queue-rules.js';
import type { SampleLikeness } from '../sampling-events.js';
import { casesView } from '../views/cases.js';

/** Cases that one is chosen from: the newest. */
const NEWEST = 50;
const SECOND_MS = 1_000;

const CASES = `SELECT c.case_id, (extract(epoch FROM c.opened_at) * 1000)::float8 AS opened,
    (extract(epoch FROM i.generated_at) * 1000)::float8 AS generated
  FROM ${viewTable(casesView)} c LEFT JOIN ${viewTable(imagesView)} i USING (image_id)
  WHERE c.origin = 'flags' ORDER BY c.opened_at DESC, c.case_id DESC LIMIT ${NEWEST}`;

/** What is shown of the image of an ordinary case, for a golden one to be like it. */
export interface LikeOrdinary {
  /** How long before its case the image was generated, in milliseconds; absent if its system did not report it. */
  ageMs?: number;
  /** Whether systems report full seconds only. */
  isInSeconds: boolean;
  /** How often it was shared or downloaded. */
  reach: number;
}

/**
 * Chooses one of the newest cases that flags opened.
 * @param fraction from 0 up to 1
 */
export async function ordinaryCase(pool: pg.Pool, fraction: number): Promise<LikeOrdinary> {
  const { rows } = await queryView(pool, { text: CASES });
  const chosen = rows[Math.floor(fraction * rows.length)];
  if (!chosen) return { isInSeconds: false, reach: 0 };
  const reported = rows.filter(({ generated }) => generated !== null);
  return {
    ...(chosen.generated !== null && { ageMs: Math.max(0, chosen.opened - chosen.generated) }),
    isInSeconds: reported.every(({ generated }) => Math.round(generated) % SECOND_MS === 0),
    reach: await reachOf(pool, chosen.case_id),
  };
}

/** Among so many of the newest cases, those of one queue are looked for. */
const NEWEST_OF_ALL = 2_000;
const OF_QUEUE = `SELECT case_id FROM (
    SELECT queue, opened_at, case_id FROM ${viewTable(casesView)}
    WHERE origin = 'flags' ORDER BY opened_at DESC, case_id DESC LIMIT ${NEWEST_OF_ALL}) newest
  WHERE $1::text IS NULL OR queue = $1 ORDER BY opened_at DESC, case_id DESC LIMIT ${NEWEST}`;

/** What the case of an image shows that was chosen at random. The same for one image, as long as the newest cases are. */
export type SampleLikenessOf = (imageId: string) => Promise<SampleLikeness>;

interface LikenessPorts {
  pool: pg.Pool;
  transactor: Pick<Transactor, 'load'>;
  store: Pick<EventStore, 'readStream'>;
  personKeys: Pick<PersonKeys, 'keyedHash'>;
}

/**
 * It shows what the first flag of one of the newest cases of its queue says, with the record of its flagger: any category or
 * none, a confidence or none. A flag with a comment is chosen only if there is no other, since there is no comment to reveal.
 */
export const sampleLikeness =
  ({ pool, transactor, store, personKeys }: LikenessPorts): SampleLikenessOf =>
  async (imageId) => {
    const { state } = await transactor.load(reviewSettingsStream, undefined);
    const { prevalenceQueue: queue } = state.sampling;
    const cases = await newestOf(pool, queue);
    const place = Math.floor(fractionOf(personKeys.keyedHash(`sample likeness\n${imageId}`)) * cases.length);
    const said = await firstLike([...cases.slice(place), ...cases.slice(0, place)], store);
    return { ...said, ...(queue !== undefined && { queue }) };
  };

/** What the first flag of the first of these cases says that can be imitated. */
async function firstLike(cases: readonly string[], store: LikenessPorts['store']): Promise<SampleLikeness> {
  let commented: SampleLikeness | undefined;
  for (const caseId of cases) {
    const { hasComment, ...said } = await firstFlag(caseId, store);
    if (!hasComment) return said;
    commented ??= said;
  }
  return commented ?? { categories: [] };
}

/** That of the current round. */
async function firstFlag(
  caseId: string,
  store: LikenessPorts['store'],
): Promise<SampleLikeness & { hasComment: boolean }> {
  const history = await store.readStream(`${caseStream.category}-${caseId}`);
  const { data } = history.findLast((event) => isOf(CaseOpened, event))!;
  const { categories, confidence, flaggerKind, flaggedBy, hasComment = false } = data;
  return {
    categories,
    ...(confidence !== undefined && { confidence }),
    ...(flaggerKind !== undefined && { flaggerKind }),
    ...(flaggedBy !== undefined && { recordOf: flaggedBy }),
    hasComment,
  };
}

async function newestOf(pool: pg.Pool, queue: string | undefined): Promise<string[]> {
  try {
    const { rows } = await queryView(pool, { text: OF_QUEUE, values: [queue ?? null] });
    return rows.map(({ case_id }) => case_id);
  } catch (error) {
    if (error instanceof ViewNotBuilt) return [];
    throw error;
  }
}

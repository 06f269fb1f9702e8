const DAYS = 300;
const DAY_MS = 86_400_000;
const IMAGES_PER_PERSON = 30;
const PEOPLE_PER_COHORT = 100;
/** Of the exposed images one is flagged; the published share is below 0.05%. */
const ONE_FLAGGED_IN = 2_000;
/** Of ten that were flagged. */
const CONFIRMED = 3;
/** People came in during this part of the time. */
const ADMITTED_PART = 0.8;
/** What was flagged later is not decided yet. */
const DAYS_TO_DECIDE = 2;
/** Makes numbers that follow each other unlike. */
const [FACTOR, RANGE] = [2_654_435_761, 4_294_967_296];

/**
 * A rollout of 300 days that ends at a time, in epoch milliseconds.
 * @param oneFlaggedIn of so many images one is flagged
 */
export function rolloutOf(images, now, oneFlaggedIn = ONE_FLAGGED_IN) {
  const people = Math.ceil(images / IMAGES_PER_PERSON);
  return { images, people, cohorts: Math.ceil(people / PEOPLE_PER_COHORT), now, oneFlaggedIn };
}

/** Image n was exposed at position 2 n. People came in at odd positions, and whose an image is was known at the one before it. */
export const headOf = ({ images }) => 2 * images + 1;

/** When something happened at a part of the time, in epoch milliseconds. */
export const timeOf = ({ now }, part) => now - DAYS * DAY_MS * (1 - part);

/** SQL about image `n` of the rollout. */
function imageOf({ images, people, now, oneFlaggedIn }) {
  const admitted = `greatest(1, least(${people}, floor(${people / ADMITTED_PART / images} * n)::int8))`;
  const isOpen = `n > ${images * (1 - DAYS_TO_DECIDE / DAYS)}`;
  return {
    id: `'img-' || lpad(n::text, 9, '0')`,
    time: `to_timestamp(${timeOf({ now }, 0) / 1000} + ${(DAYS * DAY_MS) / 1000 / images} * n)`,
    owner: `'acc-' || (n * ${FACTOR} % ${RANGE}) % ${admitted}`,
    isFlagged: `n % ${oneFlaggedIn} = 0`,
    status: `CASE WHEN n % ${oneFlaggedIn} <> 0 THEN 'none' WHEN ${isOpen} THEN 'open'
      WHEN n / ${oneFlaggedIn} % 10 < ${CONFIRMED} THEN 'confirmed' ELSE 'dismissed' END`,
    flagged: `(SELECT f * ${oneFlaggedIn} AS n FROM generate_series(1::int8, ${Math.floor(images / oneFlaggedIn)}) f)`,
  };
}

/** By view. */
const ROWS = {
  'safety-images'(table, rollout) {
    const { id, time, owner, isFlagged, status } = imageOf(rollout);
    return `INSERT INTO ${table} (image_id, account_id, generated_at, model, photorealistic_faces, shared_at, exposed_at,
        exposed_position, exposed_stored_at, named_position, named_account_id, flagged_at, labelled_stored_at, flag_count, flags, categories,
        case_status, case_round, decided_at, detected)
      SELECT ${id}, owner, t, 'model-' || n * 10 / ${rollout.images + 1}, false, t, t, 2 * n, t, 2 * n - 1, owner,
        CASE WHEN ${isFlagged} THEN t END, CASE WHEN ${isFlagged} THEN t END, (${isFlagged})::int, '[]', '[]', status, (status <> 'none')::int,
        CASE WHEN status IN ('confirmed', 'dismissed') THEN t END, false
      FROM generate_series(1::int8, ${rollout.images}) n,
        LATERAL (SELECT ${time} AS t, ${owner} AS owner, ${status} AS status) one`;
  },
  /** Each is in a cohort of those who came in before and after. */
  'account-standing'(table, rollout) {
    const { images, people } = rollout;
    return `INSERT INTO ${table} (account_id, status, deactivated, cohort_id, onboarded_cohort_id, onboarded_position,
        onboarded_stored_at, position)
      SELECT 'acc-' || a, 'onboarded', false, cohort, cohort, p, ${imageOf(rollout).time}, p
      FROM generate_series(0::int8, ${people - 1}) a, LATERAL (
        SELECT floor(${(ADMITTED_PART * images) / people} * a)::int8 AS n, 'cohort-' || a / ${PEOPLE_PER_COHORT} AS cohort) one,
        LATERAL (SELECT 2 * n + 1 AS p) two`;
  },
  /** From the same images. */
  'active-people'(table, rollout) {
    const { time, owner } = imageOf(rollout);
    return `INSERT INTO ${table} (week_of_account, account_id, monday, days)
      SELECT monday || ' ' || account_id, account_id, monday, bit_or(1 << (day - monday)) FROM (
        SELECT ${owner} AS account_id, floor(extract(epoch FROM ${time}) / 86400)::int AS day
        FROM generate_series(1::int8, ${rollout.images}) n) image,
        LATERAL (SELECT day - (day + 3) % 7 AS monday) week GROUP BY account_id, monday ORDER BY monday`;
  },
  cases(table, rollout) {
    const { id, time, owner, status, flagged } = imageOf(rollout);
    return `INSERT INTO ${table} (case_id, image_id, account_id, status, round, origin, is_unflagged, panel_size, is_panel_given,
        verdicts_needed, is_held, is_escalated, flags, flags_received, reviewers, verdicts, categories, queue, priority,
        judged_flaggers, opened_at, due_at, flagged_at, decided_at, decision_stored_at, position)
      SELECT ${id}, ${id}, ${owner}, status, 1, 'flags', false, 1, false, 0, false, false, '[]', 1, '[]', '[]', '["violent"]',
        'default', 0, '[]', t, t, t, decided, decided, 2 * n
      FROM ${flagged} image, LATERAL (SELECT ${time} AS t, ${status} AS status) one,
        LATERAL (SELECT CASE WHEN status <> 'open' THEN t + interval '1 day' END AS decided) two`;
  },
  deactivations(table, rollout) {
    const { id, time, owner, status, flagged } = imageOf(rollout);
    return `INSERT INTO ${table} (account_id, at, stored_at, reason, case_id, categories, position)
      SELECT DISTINCT ON (1) ${owner}, t, t, 'a confirmed violation', ${id}, '["violent"]'::jsonb, 2 * n
      FROM ${flagged} image, LATERAL (SELECT ${time} + interval '1 day 4 seconds' AS t) one WHERE ${status} = 'confirmed'`;
  },
};

/**
 * Writes the rows that a view would have after a rollout, if the evidence of the gate comes from it.
 * @param client of PostgreSQL
 * @param view its name
 * @param table its rows, none yet
 */
export async function fillEvidence(client, view, table, rollout) {
  const rows = ROWS[view];
  if (rows) await client.query({ text: rows(table, rollout), query_timeout: 3_600_000 });
}

import { setTimeout as sleep } from 'node:timers/promises';
import { acceptAll, loadWaiting } from '../loading.mjs';
import { whole } from '../measure.mjs';
import { onDatabase, startStandalone } from '../standalone.mjs';

const MOST_SECONDS = 60;
const BUDGET_PEOPLE = 100_000;
const POLL_MS = 50;
const BATCH = 'bench';

export const name = 'onboarding';
export const budget = `${whole(BUDGET_PEOPLE)} people invited, admitted once they accepted, and onboarded from the line: each <= ${MOST_SECONDS} s`;

export async function run({ server, people, profile, log }) {
  const database = await server.createGatehouseDatabase('onboarding_gatehouse');
  log(`  loading ${whole(2 * people)} people who wait`);
  await loadWaiting(database.connection, 2 * people);
  const standalone = await startStandalone(onDatabase(database.connection), profile);
  try {
    await standalone.caughtUp();
    await standalone.ask('PUT', '/v1/rollout/rate', { perWeek: 2 * people, daily: false });
    const timed = async (step, act, isDone) => {
      const began = performance.now();
      await act();
      while (!(await isDone())) await sleep(POLL_MS);
      const seconds = (performance.now() - began) / 1000;
      log(`  ${step}: ${seconds.toFixed(2)} s`);
      return seconds;
    };
    const batch = () => standalone.ask('GET', `/v1/invitations/${BATCH}`);
    const invited = await timed(
      'invited',
      () => standalone.ask('POST', '/v1/invitations', { batchId: BATCH, size: people }, 202),
      async () => (await batch()).sent === people,
    );
    await acceptAll(database.connection, BATCH);
    const came = await timed(
      'admitted and onboarded once they accepted',
      () => {},
      async () =>
        (await batch()).admitted === people && (await inWindow(standalone)) === people && (await isIdle(standalone)),
    );
    const onboarded = await timed(
      'onboarded',
      () => standalone.ask('POST', '/v1/cohorts', { cohortId: 'line', size: people }, 202),
      async () => (await standalone.ask('GET', '/v1/cohorts/line')).onboarded === people,
    );
    const measure = (what, figure) => ({
      what,
      budget: `<= ${MOST_SECONDS} s`,
      unit: 's',
      figure,
      met: figure <= MOST_SECONDS,
      small: people < BUDGET_PEOPLE,
      detail: `${whole(people / figure)} people/s, until the view has them, in events of at most 1,000 accounts`,
    });
    return [
      measure(`${whole(people)} people invited from the line`, invited),
      measure('the same people onboarded once all have accepted', came),
      measure('as many others onboarded from the line', onboarded),
    ];
  } finally {
    await standalone.stop();
    await database.drop();
  }
}

const inWindow = async (standalone) => (await standalone.ask('GET', '/v1/rollout')).inWindow;

/** Whether each cohort that was admitted is onboarded. */
const isIdle = async (standalone) =>
  (await standalone.ask('GET', '/v1/rollout')).admissions.every(({ countsUntil }) => countsUntil !== null);

import type { Session } from '../../../libs/cli/session.js';
import { lazyValidators } from '../../../libs/events/lazy-validators.js';
import { GatehouseError, type InvalidField, InvalidInput } from '../../../libs/kernel/errors.js';
import { CalibrationAnswer } from '../../../libs/rollout/index.js';
import { scenarioOf } from '../read-scenario.js';
import { fitScenario, lastWeeks } from './fit-scenario.js';
import type { Calibration } from './fitted.js';

const DAYS_A_WEEK = 7;
/** Fields that are fitted; the installation says the others. */
const FITTED = /^\/(?:people$|people\/\d+\/(?!class$)|arrivals\/|detection\/|reviewers\/)/;
const PATH = '/v1/rollout/calibration';

/**
 * Asks an installation for its totals, and fits a scenario to them.
 * @param history weeks of it that count
 * @param weeks that the scenario lasts
 * @throws ApiProblem, NotReachable; GatehouseError if the answer has other totals than an installation can have, or too few
 */
export async function readCalibration(
  { client }: Pick<Session, 'client'>,
  { history, weeks }: { history: number; weeks: number },
): Promise<Calibration> {
  const answer = await client.get<unknown>(PATH, { weeks: history });
  // A later service may say more.
  const options = { strict: true, strictTypes: false, removeAdditional: true } as const;
  const validate = lazyValidators(options)(CalibrationAnswer)();
  if (!validate(answer)) {
    const [error] = validate.errors!;
    throw unusable(`${error?.instancePath} ${error?.message}`);
  }
  const calibration = fitScenario(answer as CalibrationAnswer, weeks * DAYS_A_WEEK);
  try {
    scenarioOf(JSON.stringify(calibration.scenario), 'the scenario');
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    // Some seconds of history may have thousands of images a week.
    if (error.errors.every(({ field }) => FITTED.test(field))) throw tooShort(error.errors[0]!, history);
    throw unusable(error.message);
  }
  return calibration;
}

const tooShort = ({ field, message }: InvalidField, weeks: number): GatehouseError =>
  new GatehouseError(
    'history-too-short',
    `too little happened in the ${lastWeeks(weeks)} to fit a scenario to it (${field} ${message.split(';')[0]}): let more time pass, or ask for more --history weeks`,
    'refused',
  );

const unusable = (why: string): GatehouseError =>
  new GatehouseError(
    'totals-unusable',
    `the totals of the installation make no scenario (${why}): check --url, and that both sides have the same version`,
    'failed',
  );

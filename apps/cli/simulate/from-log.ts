import { EXIT, type ExitCode } from '../../../libs/cli/exit-codes.js';
import type { Shown } from '../../../libs/cli/rendering/plain-text.js';
import type { Session } from '../../../libs/cli/session.js';
import { withReport } from './report-file.js';

interface FromLogOptions {
  /** Of history that count. */
  history: number;
  /** To play. */
  weeks: number;
  /** As somebody gave them. */
  rates?: readonly string[];
  runs: number;
  seed: number;
  scale: number;
  report?: string;
  print?: true;
}

/** Fits a scenario to an installation, and plays it at several rates. */
export async function simulateFromLog(session: Session, options: FromLogOptions): Promise<ExitCode> {
  // Loading the service would slow down every other command.
  const [{ readCalibration }, { playRates }, chosen, { ratesPage }, { ratesText, calibrationText }] = await Promise.all(
    [
      import('../../simulation/calibration/read-calibration.js'),
      import('../../simulation/calibration/play-rates.js'),
      import('../../simulation/calibration/rates-to-play.js'),
      import('../../simulation/calibration/rates-page.js'),
      import('./rates-text.js'),
    ],
  );
  const { scale, seed } = options;
  const given = options.rates && chosen.ratesOf(options.rates);
  if (given) chosen.refuseIndistinct(given, scale);
  const calibration = await readCalibration(session, options);
  const { scenario, perWeek } = calibration;
  if (options.print) {
    session.remark(calibrationText(calibration));
    session.print(scenario, () => JSON.stringify(scenario, null, 2) as Shown);
    return EXIT.done;
  }
  const rates = given ?? chosen.usualRates(perWeek);
  chosen.refuseIndistinct(rates, scale);
  const played = await withReport(
    options.report,
    async () => ({ calibration, rates: await playRates(session, scenario, { ...options, rates }), scale, seed }),
    ratesPage,
  );
  session.print(played, () => ratesText(played));
  return EXIT.done;
}

import type { ContextPorts } from '../../context/context.js';
import { ImageOwners } from '../../images/index.js';
import type { Consequences } from '../consequences.js';
import { FlagRates } from '../queries/flag-rates.js';
import { FlaggerRecords } from '../queries/flagger-records.js';
import { FlagsAhead } from '../queries/flags-ahead.js';
import { FurtherReviews } from '../queries/further-reviews.js';
import { ImagesInUse } from '../queries/images-in-use.js';
import { CaseFactsReader } from './case-facts.js';
import { RoutingFactsReader } from './routing-facts.js';

/** For consumers and schedules, which are built without Nest. */
export function caseFactsOf(
  { pool, log, transactor, clock, settings, viewReader, personKeys }: ContextPorts,
  consequences?: Consequences,
) {
  const flags = new FlagsAhead(pool, log, settings);
  const images = new ImageOwners(pool, log, settings);
  const routing = new RoutingFactsReader(transactor, clock, pool, settings);
  const rates = new FlagRates(pool, log, viewReader, transactor, settings);
  const records = new FlaggerRecords(pool, settings);
  const further = new FurtherReviews(personKeys, consequences);
  return new CaseFactsReader(transactor, flags, images, clock, routing, rates, records, further, settings);
}

export const imagesInUse = ({
  pool,
  log,
  transactor,
  settings,
}: Pick<ContextPorts, 'pool' | 'log' | 'transactor' | 'settings'>) =>
  new ImagesInUse(transactor, new FlagsAhead(pool, log, settings), new ImageOwners(pool, log, settings));

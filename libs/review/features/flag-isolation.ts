import type { Transactor } from '../../event-store/transact.js';
import type { RecordedOf } from '../../events/event-definition.js';
import type { ContentFlagged } from '../../images/index.js';
import type { CommandContext } from '../../kernel/command-context.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { isIsolated, isolateFlagger, isolationId, isolationStream } from '../isolation.js';
import { type FlagRates, placeOfFlag } from '../queries/flag-rates.js';

/** Isolates the flags of those who exceed the hourly limit. */
export class FlagIsolation {
  constructor(
    private readonly transactor: Transactor,
    private readonly rates: FlagRates,
    private readonly settings: Pick<Settings, 'flagsPerHour' | 'isolationHours'>,
  ) {}

  /** Whether the flag is kept apart; records it if it is the first. @throws NotCaughtUp */
  async keepsApart(flag: RecordedOf<typeof ContentFlagged>, context: CommandContext): Promise<boolean> {
    const treatment = await this.rates.treatmentOf(flag);
    const { flaggedBy, flaggerKind } = flag.data;
    if (treatment !== 'excessive' || flaggerKind === 'staff') return treatment === 'isolated';
    const { flagsPerHour: perHour, isolationHours: hours } = this.settings;
    const place = placeOfFlag(flag);
    const { state } = await this.transactor.transact(isolationStream, isolationId(flaggedBy), context, (before) =>
      isolateFlagger(before, { flaggedBy, flaggerKind, perHour, hours, ...place }),
    );
    // Not if a lead has released the flagger meanwhile.
    return isIsolated(state, place);
  }
}

import type { Transactor } from '../../event-store/transact.js';
import type { RecordedOf } from '../../events/event-definition.js';
import type { ContentFlagged } from '../../images/index.js';
import type { CommandContext } from '../../kernel/command-context.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { isolateFlagger, isolationId, isolationStream } from '../isolation.js';
import { type FlagRates, placeOfFlag } from '../queries/flag-rates.js';

/** Keeps the flags of those apart who flag too much. */
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
    await this.transactor.transact(isolationStream, isolationId(flaggedBy), context, (state) =>
      isolateFlagger(state, { flaggedBy, flaggerKind, perHour, hours, ...placeOfFlag(flag) }),
    );
    return true;
  }
}

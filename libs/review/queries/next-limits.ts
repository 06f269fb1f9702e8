import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Transactor } from '../../event-store/transact.js';
import type { Clock } from '../../kernel/clock.js';
import type { Position } from '../../kernel/envelope.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { CLOCK, SETTINGS } from '../../platform/ports.js';
import { declinedAt, declinedStream } from '../declined-categories.js';
import { queueOf, reviewSettingsStream } from '../queue-rules.js';
import { namesSevereClause } from '../reveal.js';
import { refuseUnskilled, SEVERE_SKILL } from '../reviewer.js';
import { ExposureReader } from './exposure-reader.js';
import { profilesOf } from './reviewer-profile.js';
import { SevereViewing } from './severe-viewing.js';

type LeftOut = (categories: readonly string[]) => boolean;

/** Which cases a queue may give a reviewer. */
export interface NextLimits {
  /** The accounts to which they are linked. */
  accounts: readonly string[];
  /** By their categories, which cases are left out; a later one is for when nothing is found before. */
  tries: readonly LeftOut[];
  patienceHours: number;
  /** Counts the case that they got. @param position of the claim */
  gave(categories: Iterable<string>, position: Position): void;
}

const MAX_REVIEWERS = 10_000;

/** Reads them before a case is looked for. */
@Injectable()
export class NextLimitsReader {
  /** By reviewer: the severe cases in a row that this process gave them last, for as long as the view lacks the claim. */
  private readonly given = new LRUCache<string, { inARow: number; position: Position }>({ max: MAX_REVIEWERS });

  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(ExposureReader) private readonly exposures: ExposureReader,
    @Inject(SevereViewing) private readonly viewing: SevereViewing,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'severeInARow'>,
  ) {}

  /** @throws NotFound queue-unknown; Refusal skill-needed */
  async of(reviewer: string, queue: string): Promise<NextLimits> {
    const [{ state: rules }, [profile], { state: declined }, severities] = await Promise.all([
      this.transactor.load(reviewSettingsStream, undefined),
      profilesOf(this.transactor, [reviewer]),
      this.transactor.load(declinedStream, reviewer),
      this.viewing.severities(),
    ]);
    const { state } = profile!;
    refuseUnskilled(state, reviewer, queueOf(rules, queue));
    const declinedNow = new Set(declinedAt(declined, this.clock.now()));
    const isSevere: LeftOut = (categories) => namesSevereClause(categories, severities);
    const isDeclined: LeftOut = (categories) => categories.some((one) => declinedNow.has(one));
    const isEither: LeftOut = (categories) => isDeclined(categories) || isSevere(categories);
    const maySee = state.skills.has(SEVERE_SKILL);
    const most = this.settings.severeInARow;
    const inARow = maySee && most > 0 ? await this.inARow(reviewer) : 0;
    const others = most > 0 && inARow >= most ? [isEither, isDeclined] : [isDeclined];
    return {
      accounts: [...state.accounts],
      tries: maySee ? others : [isEither],
      patienceHours: rules.patienceHours,
      gave: (categories, position) => {
        this.given.set(reviewer, { inARow: isSevere([...categories]) ? inARow + 1 : 0, position });
      },
    };
  }

  private async inARow(reviewer: string): Promise<number> {
    const { inARow, asOf } = await this.exposures.severeInARow(reviewer);
    const given = this.given.get(reviewer);
    return given && given.position > asOf ? given.inARow : inARow;
  }
}

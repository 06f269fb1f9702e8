import { Inject, Injectable } from '@nestjs/common';
import { accountHistoryStream, type MeasureKind, strikesInForce } from '../../account/index.js';
import { Transactor } from '../../event-store/transact.js';
import { reachOf } from '../../images/index.js';
import type { Clock } from '../../kernel/clock.js';
import type { Settings } from '../../platform/configuration/settings.js';
import type { Pool } from '../../platform/database/database.js';
import { CLOCK, POOL, SETTINGS } from '../../platform/ports.js';
import { policyStream, severitiesAt } from '../../policy/index.js';
import type { Case, Route } from '../case.js';
import { flaggersOnRecord, NO_STANDING, type StandingFacts } from '../priority.js';
import { caseCounts } from '../queries/case-counts.js';
import { reviewSettingsStream } from '../queue-rules.js';
import type { RoutingFacts } from '../routing.js';
import { flaggerBucket } from '../views/cases.js';

/** Reads what the routing of a case depends on: the rules as they are now, the figures as of their views. */
@Injectable()
export class RoutingFactsReader {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(POOL) private readonly pool: Pool,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'reviewPanel'>,
  ) {}

  async read(state: Case): Promise<RoutingFacts> {
    const { imageId, accountId, golden } = state;
    const people = flaggersOnRecord(state);
    const [{ state: rules }, { state: policies }, reach, counts, standing] = await Promise.all([
      this.transactor.load(reviewSettingsStream, undefined),
      this.transactor.load(policyStream, undefined),
      golden ? golden.reach : reachOf(this.pool, imageId),
      caseCounts(this.pool, people.map(flaggerBucket)),
      this.standingOf(accountId),
    ]);
    const records = people.flatMap((one) => {
      const record = counts.get(flaggerBucket(one));
      return record ? [[one, record] as const] : [];
    });
    return {
      rules,
      panelSize: this.settings.reviewPanel,
      severities: severitiesAt(policies, this.clock.now()) ?? new Map(),
      reach,
      records: new Map(records),
      standing,
    };
  }

  /** From the account's own events, so that nothing that is stored is missing. */
  private async standingOf(accountId: string | undefined): Promise<StandingFacts> {
    if (accountId === undefined) return NO_STANDING;
    const { state } = await this.transactor.load(accountHistoryStream, accountId);
    const measures = new Map<MeasureKind, number>();
    for (const { kind } of state.measures) measures.set(kind, (measures.get(kind) ?? 0) + 1);
    return { strikes: strikesInForce(state, this.clock.now()), measures };
  }

  /** Whether rules have been set since a case was routed. @param route undefined if it was not routed */
  async areOutdated(route: Route | undefined): Promise<boolean> {
    const { state } = await this.transactor.load(reviewSettingsStream, undefined);
    return route === undefined || state.version > route.rulesVersion;
  }
}

import { Inject, Injectable } from '@nestjs/common';
import { type Load, Transactor } from '../../event-store/transact.js';
import { ImageOwners } from '../../images/index.js';
import type { Clock } from '../../kernel/clock.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { CLOCK, SETTINGS } from '../../platform/ports.js';
import { clausesAt, policyStream } from '../../policy/index.js';
import { type Case, caseStream } from '../case.js';
import type { CaseFacts } from '../conflict-of-interest.js';
import { openingSettings } from '../flag-decisions.js';
import { notedFlaggerId, notedFlaggerStream } from '../noted-flagger.js';
import { FlagRates } from '../queries/flag-rates.js';
import { FlaggerRecords } from '../queries/flagger-records.js';
import { FlagsAhead, type FlagsProgress } from '../queries/flags-ahead.js';
import { FurtherReviews } from '../queries/further-reviews.js';
import { knownSeverities } from '../queries/known-severities.js';
import { profilesOf } from '../queries/reviewer-profile.js';
import { reviewSettingsStream } from '../queue-rules.js';
import { SEVERE_SKILL } from '../reviewer.js';
import type { RoutingFacts } from '../routing.js';
import { FlagIsolation } from './flag-isolation.js';
import { type FlagProcessing, flagProcessing } from './flag-processing.js';
import { RoutingFactsReader } from './routing-facts.js';

interface Reading {
  /** Whether verdicts may decide the case, so that it matters whether it needs a further review. */
  isDeciding?: boolean;
  /** The state of the case, which the decision is about. */
  load?: Load<Case>;
  /** Read since the command arrived; else it is read now. */
  progress?: Promise<FlagsProgress>;
}

/** Reads what a decision on a case needs beyond the case's own stream. */
@Injectable()
export class CaseFactsReader {
  private readonly process: FlagProcessing;

  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(FlagsAhead) private readonly flags: FlagsAhead,
    @Inject(ImageOwners) private readonly images: ImageOwners,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(RoutingFactsReader) private readonly routing: RoutingFactsReader,
    @Inject(FlagRates) rates: FlagRates,
    @Inject(FlaggerRecords) records: FlaggerRecords,
    @Inject(FurtherReviews) private readonly further: FurtherReviews,
    @Inject(SETTINGS) settings: Settings,
  ) {
    const ownerOf = (imageId: string) => images.findAtOnce(imageId);
    const ports = { transactor, clock, routing, records, settings: openingSettings(settings), ownerOf };
    this.process = flagProcessing({ ...ports, isolation: new FlagIsolation(transactor, rates, settings) });
  }

  /** How far the consumer of flags is, for several decisions of one command. */
  progress(): Promise<FlagsProgress> {
    return this.flags.progress();
  }

  /**
   * Reads the facts as of now, and puts every flag stored so far into the case. Call it before each attempt to decide.
   * @param reviewers who want to review, or did so elsewhere; those who gave a verdict here are added
   * @throws NotCaughtUp if the consumer of flags or the images view is too far behind
   */
  async read(caseId: string, reviewers: readonly string[], reading: Reading = {}): Promise<CaseFacts> {
    return (await this.readWithState(caseId, reviewers, reading)).facts;
  }

  /** As `read`, with what the place of the case in the queues depends on. */
  async readToRoute(
    caseId: string,
    reviewers: readonly string[],
    reading: Reading = {},
  ): Promise<CaseFacts & RoutingFacts> {
    const { facts, state } = await this.readWithState(caseId, reviewers, reading);
    return { ...facts, ...(await this.routing.read(state)) };
  }

  /** As `read`, with the state of the case that it is about. */
  async readWithState(
    caseId: string,
    reviewers: readonly string[],
    reading: Reading = {},
  ): Promise<{ facts: CaseFacts; state: Case }> {
    const { isDeciding, load = async () => (await this.transactor.load(caseStream, caseId)).state } = reading;
    // Before all else: what the consumer has done by then is in the streams.
    const progress = await (reading.progress ?? this.flags.progress());
    const { flags, isParked: isCaseParked } = await this.flags.of(caseId, progress);
    // Those after the parked one wait for it.
    if (!isCaseParked) for (const flag of flags) await this.process(flag);
    const [state, image, { state: policies }, { state: rules }, asking] = await Promise.all([
      load(),
      this.images.find(caseId, progress.head),
      this.transactor.load(policyStream, undefined),
      this.transactor.load(reviewSettingsStream, undefined),
      this.people(caseId, reviewers),
    ]);
    const judges = new Set(state.verdicts.map(({ reviewer }) => reviewer));
    const people = [
      ...asking,
      ...(await this.people(
        caseId,
        [...judges].filter((one) => !reviewers.includes(one)),
      )),
    ];
    const accountId = image.owner ?? state.accountId;
    const furtherReview = isDeciding
      ? await this.further.of({ caseId, round: state.round, accountId }, rules.sampling)
      : undefined;
    // One that is gone needs nothing until the case is routed again.
    const queue = rules.queues.find(({ id }) => id === state.route?.queue);
    const facts = {
      ...image,
      isCaseParked,
      ...(furtherReview && { furtherReview }),
      notedRounds: new Map(people.map(({ id, notedRound }) => [id, notedRound])),
      ...(queue && { needs: { queue, reviewers: new Map(people.map(({ id, profile }) => [id, profile])) } }),
      severeViewers: new Set(people.filter(({ profile }) => profile.skills.has(SEVERE_SKILL)).map(({ id }) => id)),
      links: new Map(people.map(({ id, profile }) => [id, profile.accounts])),
      clauses: new Set(clausesAt(policies, this.clock.now()).map(({ id }) => id)),
      severities: knownSeverities(policies, this.clock.now()),
    };
    return { facts, state };
  }

  private async people(caseId: string, ids: readonly string[]) {
    const [profiles, noted] = await Promise.all([
      profilesOf(this.transactor, ids),
      Promise.all(ids.map((id) => this.transactor.load(notedFlaggerStream, notedFlaggerId(caseId, id)))),
    ]);
    return ids.map((id, n) => ({ id, notedRound: noted[n]!.state.round, profile: profiles[n]!.state }));
  }
}

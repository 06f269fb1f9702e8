import { Controller, Get, Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { type Static, Type } from 'typebox';
import { AsOf, FromViews } from '../../context/from-views.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { Transactor } from '../../event-store/transact.js';
import { Roles } from '../../http/credentials/route-access.js';
import { entityTagOf } from '../../http/if-match.js';
import {
  actor,
  closed,
  count,
  flag,
  instant,
  list,
  oneOf,
  orNull,
  position,
  text,
} from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { type Clock, toIso, WEEK_MS } from '../../kernel/clock.js';
import { PHASE_RESTRICTIONS } from '../../kernel/rollout-limits.js';
import { CLOCK, SETTINGS } from '../../platform/ports.js';
import { EVIDENCE_SOURCES } from '../../safety/index.js';
import { phaseRestrictionsStream, suspensionAnswers, switchesStream } from '../../switches/index.js';
import { Waitlist, waitlistEntriesView } from '../../waitlist/index.js';
import { admissionPlanStream } from '../admission-plan.js';
import { CHANGES, PHASES } from '../change-events.js';
import { stepNeeds } from '../change-ramp.js';
import type { RateTerms } from '../change-rollout.js';
import { openProposals, type PlannedChange, type ProposedChange } from '../changes.js';
import { askedRate, type GateReading, readGate } from '../gate-move.js';
import { heldNow } from '../held-places.js';
import { delayedCohorts } from '../late-onboarding.js';
import type { StepNeed } from '../ramp.js';
import { availableCapacity, countedCohorts, type GrantedCohort, peopleInWindow, rolloutStream } from '../rollout.js';
import { rolloutWords } from '../rollout-words.js';
import { nextSlice } from '../scheduled-slice.js';
import { GateInForceAnswer, inForceAt, moveExample } from './gate-answers.js';
import { GateEvidence, isEvidenceIncomplete } from './gate-evidence.js';
import { PeopleLeft } from './people-left.js';
import { changedPhase, PhaseAnswer, phaseAnswer, phaseOfChange } from './phase-answers.js';
import { RampAnswer, rampAnswer } from './ramp-answers.js';
import { CHANGES_KEPT, rolloutHistory } from './rollout-history.js';

const CountedAnswer = closed({
  cohortId: text('The cohort.'),
  size: count('People that count against the rate: those admitted, or once onboarding is complete, those onboarded.'),
  at: instant('When it was admitted.'),
  countsUntil: orNull(instant('Seven days after its last person was onboarded; null until onboarding is complete.')),
});

const pendingFields = {
  changeId: text('Its id.'),
  does: oneOf(CHANGES, 'What it does.'),
  perWeek: orNull(count('The rate that it sets; null if it sets none.')),
  ...phaseOfChange,
  daily: orNull(flag('Whether a seventh of it is to be admitted every day; null if that stays.')),
  before: orNull(count('The rate that it was compared with.')),
  by: text('Who asked for it.'),
  reason: text('Why.'),
};

const PlannedAnswer = closed({
  ...pendingFields,
  approvedBy: orNull(text('Who approved it.')),
  effectiveAt: instant('When it takes effect.'),
});

const ProposedAnswer = closed({
  ...pendingFields,
  effectiveAt: orNull(instant('When it takes effect if it is approved; null for at once.')),
  expiresAt: instant('Until when it can be approved.'),
});

const ChangeAnswer = closed({
  position: position('Its position in the log.'),
  type: oneOf(['OnboardingRateSet', 'OnboardingPaused', 'OnboardingResumed', 'RolloutPhaseSet'], 'What happened.'),
  time: instant('When it happened.'),
  actor,
  approvedBy: Type.Optional(text('Who approved it.')),
  perWeek: Type.Optional(count('The rate that was set.')),
  daily: Type.Optional(flag('Whether a seventh of it was to be admitted automatically every day.')),
  phase: Type.Optional(oneOf(PHASES, 'The phase that was set.')),
  ceiling: Type.Optional(count('The most people in total that was set with it.')),
  classes: Type.Optional(list(text('A class.'), 'The classes whose people may come in by it; absent for all.')),
  restrictions: Type.Optional(
    list(oneOf(PHASE_RESTRICTIONS, 'A restriction.'), 'What it restricts; absent for nothing.'),
  ),
  reason: Type.Optional(text('Why.')),
});

export const RolloutAnswer = closed({
  words: list(
    text('A sentence.'),
    'The rollout in plain words: the rate, this window, the next slice, the gate, and the last change.',
  ),
  perWeek: orNull(count('People in any rolling seven days; null until a rate is set.')),
  daily: flag(
    'Whether a seventh of the rate is admitted automatically every day; with a schedule, only once it has ended.',
  ),
  isScheduled: flag('Whether there is a schedule of slices, which `GET /v1/rollout/plan` shows.'),
  paused: flag('Whether the admission of cohorts is paused.'),
  pauseReason: orNull(text('Why it is paused.')),
  inWindow: count('People that count against the rate now.'),
  held: count('Places that invitations hold which are not decided; they count against the rate beside `inWindow`.'),
  available: count('People that the rate allows now, even if onboarding is paused.'),
  moreAt: orNull(instant('When the rate allows more people; null if time alone frees no more.')),
  nextSlice: orNull(
    closed(
      { at: instant('When.'), people: count('Of how many people at most.') },
      'The next cohort of the schedule; null if none is due.',
    ),
  ),
  gate: GateInForceAnswer,
  admissions: list(
    CountedAnswer,
    'The admissions that count against the rate now, in the order of their admission; of open access and invitations among the latest 1,000.',
  ),
  delayed: list(
    closed({
      cohortId: text('The cohort.'),
      people: count('Its people, of whom some may be in.'),
      until: instant('When the rate has room for them.'),
      holdsLine: flag('Whether nobody else is chosen from the line until then, and no invitation is sent.'),
      isClosing: flag('Whether it was ordered that it is closed with those who are in.'),
    }),
    'Cohorts whose people wait beside people who came in while a clock was wrong, oldest first.',
  ),
  waiting: count('People who wait in the line with a confirmed address, also those whom the phase does not admit.'),
  eligible: count(
    'Of `waiting`, those who may come in: no hold-outs, and nobody of a class that the phase or the class plan leaves out.',
  ),
  unconfirmed: count('People who have to confirm their address before they can be chosen.'),
  etag: text('Also the header `ETag`. Send it as `If-Match` to set the rate only if nobody has changed it since.'),
  changes: list(
    ChangeAnswer,
    `Who set the rate, paused and resumed, oldest first: the last ${CHANGES_KEPT}, with the one that set the present rate.`,
  ),
  planned: list(PlannedAnswer, 'What takes effect later, in that order.'),
  proposals: list(ProposedAnswer, 'What waits for the approval of another person.'),
  ramp: orNull(RampAnswer),
  phase: PhaseAnswer,
  position: position(
    'The position of the last event included; `waiting`, `eligible` and `unconfirmed` may lag behind it.',
  ),
});
export type RolloutAnswer = Static<typeof RolloutAnswer>;

export class ShowRollout extends Query<RolloutAnswer> {}

@QueryHandler(ShowRollout)
export class ShowRolloutHandler implements IQueryHandler<ShowRollout> {
  constructor(
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(Waitlist) private readonly waitlist: Waitlist,
    @Inject(PeopleLeft) private readonly peopleLeft: PeopleLeft,
    @Inject(GateEvidence) private readonly evidence: GateEvidence,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(SETTINGS) private readonly terms: RateTerms,
  ) {}

  async execute(): Promise<RolloutAnswer> {
    const [{ state, position }, plan, switches, phases, counts, eligible] = await Promise.all([
      this.transactor.load(rolloutHistory, undefined),
      this.transactor.load(admissionPlanStream, undefined),
      this.transactor.load(switchesStream, undefined),
      this.transactor.load(phaseRestrictionsStream, undefined),
      this.waitlist.counts(),
      this.peopleLeft.eligible(),
    ]);
    const { rollout, changes } = state;
    const now = this.clock.now();
    const { available, moreAt } = availableCapacity(rollout, now);
    const { schedule } = plan.state;
    const next = nextSlice(rollout, schedule, now);
    const read = await this.reading(now);
    return {
      words: rolloutWords(rollout, now, { ...read, last: changes.at(-1), schedule, line: { ...counts, eligible } }),
      perWeek: rollout.perWeek ?? null,
      daily: rollout.daily,
      isScheduled: schedule !== undefined,
      paused: rollout.paused,
      pauseReason: rollout.pauseReason ?? null,
      inWindow: peopleInWindow(rollout, now),
      held: heldNow(rollout.held),
      available,
      moreAt: moreAt === undefined ? null : toIso(moreAt),
      nextSlice: next ? { at: toIso(next.at), people: next.people } : null,
      gate: inForceAt(rollout.gate, now),
      admissions: countedCohorts(rollout, now).map(toAnswer),
      delayed: delayedCohorts(rollout, now).map((one) => ({ ...one, until: toIso(one.until) })),
      ...counts,
      eligible,
      etag: entityTagOf(rollout.changedAt, this.epoch.current),
      changes: changes.map((change) => ({ ...change, position: String(change.position) })),
      planned: rollout.changes.planned.map(plannedAnswer),
      proposals: openProposals(rollout.changes, now).map(proposedAnswer),
      ramp: rollout.ramp ? rampAnswer(rollout.ramp, read.needs) : null,
      phase: { ...phaseAnswer(rollout), suspended: suspensionAnswers(switches.state, phases.state, now) },
      position: String(position),
    };
  }

  /** What the gate reads, and what the next step of the ramp plan needs by it. */
  private async reading(now: number): Promise<{ reading?: GateReading; needs: StepNeed[]; isIncomplete?: true }> {
    try {
      let rollout = rolloutStream.initial;
      const evidence = await this.evidence.read(async () => {
        rollout = (await this.transactor.load(rolloutStream, undefined)).state;
        return rollout.gate;
      });
      const { gate, lateBySeconds } = evidence;
      return {
        reading: readGate(gate, evidence, askedRate(rollout), lateBySeconds),
        needs: stepNeeds(rollout, evidence, lateBySeconds, { now, terms: this.terms }),
      };
    } catch (error) {
      if (!isEvidenceIncomplete(error)) throw error;
      return { needs: ['views'], isIncomplete: true };
    }
  }
}

const pendingAnswer = (change: PlannedChange | ProposedChange) => {
  const { changeId, does, perWeek, daily, before, by, reason } = change;
  return {
    ...changedPhase(change),
    ...{ changeId, does, perWeek: perWeek ?? null, daily: daily ?? null, before: before ?? null, by, reason },
  };
};

const plannedAnswer = (one: PlannedChange): Static<typeof PlannedAnswer> => ({
  ...{ ...pendingAnswer(one), approvedBy: one.approvedBy ?? null, effectiveAt: one.effectiveAt },
});

const proposedAnswer = (one: ProposedChange): Static<typeof ProposedAnswer> => ({
  ...{ ...pendingAnswer(one), effectiveAt: one.effectiveAt ?? null, expiresAt: one.expiresAt },
});

const toAnswer = ({ cohortId, people, admittedAt, onboarded }: GrantedCohort): Static<typeof CountedAnswer> => ({
  cohortId,
  size: people,
  at: toIso(admittedAt),
  countsUntil: onboarded ? toIso(onboarded.last + WEEK_MS) : null,
});

@Controller('v1/rollout')
export class ShowRolloutController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromViews(waitlistEntriesView)
  @AsOf({ views: EVIDENCE_SOURCES })
  @Roles('operator', 'administrator', 'compliance')
  @Operation(
    'The rate, what is left of it now, the admissions of the last seven days and the number of waiting people',
    {
      answer: answer('Rollout', 'The rollout as it is now.', RolloutAnswer, {
        words: ['The rate is 1,000 people in any seven days.', 'Cohorts are admitted by hand.'],
        perWeek: 1000,
        daily: false,
        isScheduled: false,
        paused: false,
        pauseReason: null,
        inWindow: 1000,
        held: 0,
        available: 0,
        moreAt: '2022-05-25T09:00:02.000Z',
        nextSlice: null,
        gate: { inForce: 'hold', move: moveExample, override: null, proposal: null },
        admissions: [
          {
            cohortId: '2022-w20',
            size: 1000,
            at: '2022-05-18T09:00:00.000Z',
            countsUntil: '2022-05-25T09:00:02.000Z',
          },
        ],
        delayed: [],
        waiting: 31_000,
        eligible: 31_000,
        unconfirmed: 120,
        etag: '"9c1f03ab55d2-7"',
        changes: [
          {
            position: '7',
            type: 'OnboardingRateSet',
            time: '2022-05-18T08:00:00.000Z',
            actor: { kind: 'user', id: 'olga', role: 'operator' },
            perWeek: 1000,
            daily: false,
          },
        ],
        planned: [
          {
            ...{ changeId: 'r-1', does: 'set-rate', perWeek: 2000, daily: null, before: 1000, by: 'olga' },
            ...{ phase: null, ceiling: null, classes: null, restrictions: null },
            ...{ reason: 'as planned', approvedBy: null, effectiveAt: '2022-06-01T09:00:00.000Z' },
          },
        ],
        proposals: [],
        ramp: null,
        phase: {
          ...{ phase: 'weekly', entries: ['listed', 'invitation', 'line', 'schedule'], ceiling: null, people: 1000 },
          ...{ classes: null, restrictions: [], suspended: [] },
        },
        position: '1041',
      }),
    },
  )
  showRollout(): Promise<RolloutAnswer> {
    return this.queries.execute(new ShowRollout());
  }
}

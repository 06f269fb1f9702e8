import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { Transactor } from '../../event-store/transact.js';
import type { Clock } from '../../kernel/clock.js';
import { PHASE_RESTRICTIONS } from '../../kernel/rollout-limits.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import { CLOCK } from '../../platform/ports.js';
import { phaseRestrictionsStream, restrictionsInForce } from '../../switches/index.js';
import { PHASES } from '../change-events.js';
import { heldNow } from '../held-places.js';
import { type DelayedCohort, delayedCohorts } from '../late-onboarding.js';
import type { Ramp } from '../ramp.js';
import { peopleInTotal, peopleInWindow, rolloutStream } from '../rollout.js';
import { PeopleLeft } from './people-left.js';

const stepsOf = ({ steps, made }: Ramp) => [
  { value: made, labels: { state: 'made' } },
  { value: steps.length - made, labels: { state: 'left' } },
];

const countOf = (cohorts: readonly DelayedCohort[], isHolding: boolean) => ({
  value: cohorts.filter(({ holdsLine }) => holdsLine === isHolding).length,
  labels: { holds_line: String(isHolding) },
});

/** How long the line waits yet for cohorts that hold it. */
const heldSeconds = (cohorts: readonly DelayedCohort[], now: number): number =>
  Math.max(0, ...cohorts.filter(({ holdsLine }) => holdsLine).map(({ until }) => (until - now) / 1000));

/** The people of the rolling seven days, the places held for invitations, and how many the rate allows. Every process reports the same values. */
@Injectable()
export class RolloutGauges implements OnModuleInit {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(PeopleLeft) private readonly peopleLeft: PeopleLeft,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(Metrics) private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    const rollout = async () => (await this.transactor.load(rolloutStream, undefined)).state;
    this.metrics.readGauge('rollout_people_in_window', 'People that count against the rate now', [], async () => {
      return [{ value: peopleInWindow(await rollout(), this.clock.now()) }];
    });
    this.metrics.readGauge(
      'rollout_places_held',
      'Places that invitations hold which are not decided',
      [],
      async () => {
        return [{ value: heldNow((await rollout()).held) }];
      },
    );
    this.metrics.readGauge(
      'rollout_people_per_week',
      'People that the rate allows in any rolling seven days; absent until a rate is set',
      [],
      async () => {
        const { perWeek } = await rollout();
        return perWeek === undefined ? [] : [{ value: perWeek }];
      },
    );
    this.metrics.readGauge('rollout_phase', '1 for the phase of the rollout, else 0', ['phase'], async () => {
      const { phase } = (await rollout()).phase;
      return PHASES.map((one) => ({ value: one === phase ? 1 : 0, labels: { phase: one } }));
    });
    this.metrics.readGauge('rollout_people', 'People who ever came in', [], async () => {
      return [{ value: peopleInTotal(await rollout()) }];
    });
    this.metrics.readGauge(
      'rollout_people_ceiling',
      'People who may come in in total; absent without a ceiling',
      [],
      async () => {
        const { ceiling } = (await rollout()).phase;
        return ceiling === undefined ? [] : [{ value: ceiling }];
      },
    );
    this.metrics.readGauge(
      'rollout_people_eligible',
      'People in the line who may come in: no hold-outs, and nobody whom the phase or the class plan leaves out',
      [],
      async () => [{ value: await this.peopleLeft.eligible() }],
    );
    const delayed = async () => delayedCohorts(await rollout(), this.clock.now());
    this.metrics.readGauge(
      'rollout_delayed_cohorts',
      'Cohorts whose people wait beside people who came in while a clock was wrong, by whether they hold the line',
      ['holds_line'],
      async () => {
        const cohorts = await delayed();
        return [true, false].map((isHolding) => countOf(cohorts, isHolding));
      },
    );
    this.metrics.readGauge(
      'rollout_line_held_seconds',
      'How long a delayed cohort holds the line yet; 0 for none',
      [],
      async () => [{ value: heldSeconds(await delayed(), this.clock.now()) }],
    );
    this.metrics.readGauge(
      'rollout_restriction',
      '1 for what the phase denies to everybody, else 0',
      ['restriction'],
      async () => {
        const { state } = await this.transactor.load(phaseRestrictionsStream, undefined);
        const inForce = new Set(restrictionsInForce(state, this.clock.now()).map(({ restriction }) => restriction));
        return PHASE_RESTRICTIONS.map((one) => ({ value: inForce.has(one) ? 1 : 0, labels: { restriction: one } }));
      },
    );
    this.metrics.readGauge(
      'rollout_ramp_steps',
      'Steps of the ramp plan, `made` and `left`; absent without a plan',
      ['state'],
      async () => {
        const { ramp } = await rollout();
        return ramp ? stepsOf(ramp) : [];
      },
    );
  }
}

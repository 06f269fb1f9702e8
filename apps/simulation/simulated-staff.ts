import pMap from 'p-map';
import type { ApiClient } from '../../libs/cli/api-client.js';
import { ACCOUNTS_PER_EVENT } from '../../libs/events/schemas.js';
import { type Chance, seededChance } from '../../libs/gate/trials/chance.js';
import type { NextCaseAnswer } from '../../libs/review/features/next-case.js';
import type { RolloutAnswer } from '../../libs/rollout/queries/show-rollout.js';
import type { WaitlistEntry } from '../../libs/waitlist/queries/waitlist.js';
import type { Scenario, ScenarioPhase } from './scenario.js';
import type { SimulatedService } from './simulated-service.js';

const QUEUE = 'default';
const CLAUSE = 'violent';
const POLICY = 'simulation-1';
/** By UTC: Sunday and Saturday. */
const WEEKEND = [0, 6];
const IN_FLIGHT = 16;
const DAYS_A_WEEK = 7;
/** Of whom an operator lists some. */
const MOST_WAITING = 10_000;

/** At least one person a week. */
export const scaledRate = (perWeek: number, scale: number): number => Math.max(1, Math.round(perWeek * scale));

/** The people at work, and the web site, who use the HTTP API. */
export class SimulatedStaff {
  private readonly chance: Chance;
  /** Cases that they could have decided by now, beyond those that they have. */
  private supply = 0;
  private turn = 0;

  private constructor(
    private readonly scenario: Scenario,
    private readonly scale: number,
    seed: number,
    private readonly operator: ApiClient,
    private readonly site: ApiClient,
    private readonly reviewers: readonly ApiClient[],
    private readonly approver: ApiClient,
  ) {
    this.chance = seededChance(seed, 'reviewers');
  }

  /** Hires everybody and sets what the scenario says. */
  static async hire(
    service: SimulatedService,
    scenario: Scenario,
    { seed, scale }: { seed: number; scale: number },
  ): Promise<SimulatedStaff> {
    const operator = await service.clientOf('operator', 'operator');
    const site = await service.clientOf('site', 'service');
    const reviewers: ApiClient[] = [];
    for (let n = 1; n <= scenario.reviewers.people; n++)
      reviewers.push(await service.clientOf(`reviewer-${n}`, 'reviewer'));
    const approver = scenario.phases ? await service.clientOf('approver', 'operator') : operator;
    const staff = new SimulatedStaff(scenario, scale, seed, operator, site, reviewers, approver);
    await service.work(() => staff.begin());
    return staff;
  }

  private async begin(): Promise<void> {
    const { name: reason, gate = {}, plan, perWeek } = this.scenario;
    const { limit, ...parameters } = gate;
    const clauses = [{ id: CLAUSE, title: 'No violence', severity: 2 }];
    await this.operator.post('/v1/policy', { version: POLICY, clauses });
    if (limit !== undefined) await this.operator.put('/v1/gate/limit', { limit, reason });
    if (Object.keys(parameters).length > 0) await this.operator.put('/v1/gate/parameters', { ...parameters, reason });
    if (plan) await this.operator.put('/v1/rollout/plan/classes', { ...plan, reason });
    if (!this.scenario.before) await this.setRate(perWeek);
  }

  /** @param perWeek of the scenario */
  async setRate(perWeek: number): Promise<void> {
    await this.setExactRate(scaledRate(perWeek, this.scale), true);
  }

  /** @param daily whether a seventh is admitted each day */
  async setExactRate(perWeek: number, daily: boolean): Promise<void> {
    await this.operator.put('/v1/rollout/rate', { perWeek, confirm: perWeek, daily, reason: this.scenario.name });
  }

  /** One operator proposes it, and another approves. */
  async beginPhase({ day, ceiling, ...phase }: ScenarioPhase): Promise<void> {
    const changeId = `phase-${day}`;
    const most = ceiling === undefined ? {} : { ceiling: Math.max(1, Math.round(ceiling * this.scale)) };
    const proposal = { changeId, ...phase, ...most, reason: this.scenario.name };
    await this.operator.post('/v1/rollout/phase-proposals', proposal);
    await this.approver.post(`/v1/rollout/proposals/${changeId}/approval`, {});
  }

  /**
   * Where people come in by the hand of an operator only: lists or invites a seventh of the rate, of those whom the phase admits.
   * @param phase the one that began last
   */
  async letIn({ phase, classes }: ScenarioPhase, day: number): Promise<void> {
    if (phase !== 'preview' && phase !== 'invitations') return;
    const { perWeek, available, eligible, gate } = await this.operator.get<RolloutAnswer>('/v1/rollout');
    const people = Math.min(Math.ceil((perWeek ?? 0) / DAYS_A_WEEK), available, eligible, ACCOUNTS_PER_EVENT);
    if (people < 1 || gate.inForce === 'brake') return;
    if (phase === 'invitations') {
      await this.operator.post('/v1/invitations', { batchId: `day-${day}`, size: people });
      return;
    }
    const line = await this.operator.list<WaitlistEntry>('/v1/waitlist', {}, MOST_WAITING);
    const trusted = line.filter((one) => classes === undefined || classes.includes(one.class)).slice(0, people);
    if (trusted.length === 0) return;
    const accounts = trusted.map(({ accountId }) => accountId);
    await this.operator.post('/v1/cohorts', { cohortId: `day-${day}`, accounts });
  }

  /** People accept their invitations one after the other: the order is that in which they come in. */
  async acceptInvitations(accounts: readonly string[]): Promise<void> {
    for (const id of accounts)
      await this.site.post(`/v1/waitlist/${id}/invitation-acceptance`, {}, { repeatable: true });
  }

  /** The gate begins another stage, with the number that is given. */
  async beginStage(ordinal: number): Promise<void> {
    const detector = `simulated ${ordinal}`;
    await this.operator.post('/v1/gate/detector-changes', { detector, reason: this.scenario.name });
  }

  /** Reviewers decide so many cases, or all that wait. @returns how many they decided */
  async decide(cases: number, isViolation: (imageId: string) => boolean): Promise<number> {
    let decided = 0;
    for (; decided < cases; decided++)
      if (!(await this.reviewOne(this.reviewers[this.turn++ % this.reviewers.length]!, isViolation))) break;
    return decided;
  }

  /** People who came in accept the policy. */
  async accept(accounts: readonly string[]): Promise<void> {
    const body = { version: POLICY };
    const accept = (id: string) => this.site.post(`/v1/accounts/${id}/policy-acceptance`, body, { repeatable: true });
    await pMap(accounts, accept, { concurrency: IN_FLIGHT });
  }

  /**
   * Reviewers decide as many cases as they can in a step, the one that is due first before the others.
   * @param from when the step began, in epoch milliseconds
   * @returns how many they decided
   */
  async review(from: number, days: number, isViolation: (imageId: string) => boolean): Promise<number> {
    const { people, casesPerDay, weekends = true } = this.scenario.reviewers;
    if (!weekends && WEEKEND.includes(new Date(from).getUTCDay())) return 0;
    this.supply += people * casesPerDay * days * this.scale;
    let decided = 0;
    while (this.supply >= 1) {
      const reviewer = this.reviewers[this.turn++ % this.reviewers.length]!;
      if (!(await this.reviewOne(reviewer, isViolation))) {
        // Nobody works ahead.
        this.supply %= 1;
        break;
      }
      decided++;
      this.supply--;
    }
    return decided;
  }

  private async reviewOne(reviewer: ApiClient, isViolation: (imageId: string) => boolean): Promise<boolean> {
    const next = await reviewer.post<NextCaseAnswer>(`/v1/queues/${QUEUE}/next`);
    if (!next.claim || !next.case) return false;
    const isRight = this.chance.happens(this.scenario.reviewers.accuracy);
    const verdict =
      isViolation(next.case.imageId) === isRight
        ? { verdict: 'unsafe', clause: CLAUSE, rationale: 'simulated' }
        : { verdict: 'safe' };
    await reviewer.post(`/v1/cases/${next.claim.caseId}/verdicts`, { token: next.claim.token, ...verdict });
    return true;
  }

  get api(): ApiClient {
    return this.operator;
  }
}

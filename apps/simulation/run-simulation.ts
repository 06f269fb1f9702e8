import type { WaitlistJoined } from '../../libs/account/index.js';
import type { ApiClient } from '../../libs/cli/api-client.js';
import { DAY_MS } from '../../libs/kernel/clock.js';
import type { Position } from '../../libs/kernel/envelope.js';
import type { Connection } from '../../libs/platform/database/database.js';
import { clockBegin, EarlierDays } from './earlier-days.js';
import { checksOf } from './expectations.js';
import { type ObservedDay, observe } from './observed-day.js';
import { Population } from './population.js';
import type { Scenario, ScenarioPhase } from './scenario.js';
import { SimulatedService } from './simulated-service.js';
import { SimulatedStaff, scaledRate } from './simulated-staff.js';
import type { SimulatedMove, Simulation } from './simulation.js';
import { sumOf } from './sum-of.js';
import { type SentEvent, sent, Traffic } from './traffic.js';

export interface SimulationOptions {
  seed: number;
  /** Of people, the rate and reviewers; 1 for those of the scenario. */
  scale: number;
  signal: AbortSignal;
  onDay?(day: number): void;
  /** Reads more of the service before it is closed. */
  atEnd?(api: ApiClient): Promise<void>;
}

const FOLLOWED = ['AccountOnboarded', 'AccountDeactivated', 'GateMoved', 'InvitationSent'];
const DAYS_A_WEEK = 7;

/**
 * Plays a scenario on a database of its own. The same scenario, seed and scale give the same events but for ids and nonces.
 * @param connection of an empty database
 */
export async function runSimulation(
  connection: Connection,
  scenario: Scenario,
  options: SimulationOptions,
): Promise<Simulation> {
  const service = await SimulatedService.start(connection, clockBegin(scenario), options.signal);
  try {
    return await new Run(service, scenario, options).play();
  } finally {
    await service.close();
  }
}

class Run {
  private readonly population: Population;
  private readonly traffic: Traffic;
  private staff!: SimulatedStaff;
  private position: Position = 0;
  /** People onboarded in each step. */
  private readonly onboarded: number[] = [];
  private fullestWeek: Simulation['fullestWeek'];
  /** People who came in before. */
  private before = 0;
  private begin: ObservedDay | undefined;
  private readonly days: ObservedDay[] = [];
  private readonly moves: SimulatedMove[] = [];
  private readonly rates: Simulation['rates'] = [];
  private readonly raises: number[];
  private phase: ScenarioPhase | undefined;
  /** What it restricts. */
  private restricted: ReadonlySet<string> = new Set();
  private readonly stepsPerDay: number;

  constructor(
    private readonly service: SimulatedService,
    private readonly scenario: Scenario,
    private readonly options: SimulationOptions,
  ) {
    this.population = new Population(scenario, options.seed, options.scale);
    this.traffic = new Traffic(scenario);
    this.raises = [...(scenario.raises ?? [])];
    this.stepsPerDay = Math.round(24 / scenario.stepHours);
    this.fullestWeek = { day: 0, people: 0, perWeek: scaledRate(scenario.perWeek, options.scale) };
  }

  async play(): Promise<Simulation> {
    const { scenario, service, options } = this;
    const { seed, scale, onDay } = options;
    await service.settle();
    this.staff = await SimulatedStaff.hire(service, scenario, { seed, scale });
    this.rates.push({ day: 0, perWeek: scaledRate(scenario.perWeek, scale) });
    await service.settle();
    await this.bringAbout();
    const startsAt = service.now;
    for (let day = 1; day <= scenario.days; day++) {
      await this.beginPhase(day);
      const { phase } = this;
      if (phase) await service.work(() => this.staff.letIn(phase, day));
      for (let step = 1; step <= this.stepsPerDay; step++) {
        await service.moveTo(startsAt + (day - 1) * DAY_MS + step * this.stepMs);
        await this.step(day);
      }
      this.days.push(await observe(this.staff.api, day, this.before + sumOf(this.onboarded)));
      onDay?.(day);
    }
    await service.caughtUp();
    const { begin, days, moves, rates, fullestWeek } = this;
    const simulation = { scenario, seed, scale, ...(begin && { begin }), days, moves, rates, fullestWeek };
    const mostPerWeek = mostInARow(this.onboarded, DAYS_A_WEEK * this.stepsPerDay);
    const events = await service.head();
    await options.atEnd?.(this.staff.api);
    const checks = checksOf({ ...simulation, mostPerWeek });
    return { ...simulation, mostPerWeek, events, checks };
  }

  private get stepMs(): number {
    return DAY_MS / this.stepsPerDay;
  }

  /** What was before the scenario begins. */
  private async bringAbout(): Promise<void> {
    const { service, staff, population, traffic, scenario, moves } = this;
    if (!scenario.before) return;
    const { scale, seed } = this.options;
    const follow = async () => {
      this.before += await this.see(0);
    };
    const given = { service, staff, population, traffic, follow };
    await new EarlierDays(scenario.before, scenario, scale, seed, given).play();
    // What is in force.
    moves.splice(0, moves.length - 1);
    this.begin = await observe(staff.api, 0, this.before);
  }

  private async beginPhase(day: number): Promise<void> {
    const begun = this.scenario.phases?.find((one) => one.day === day);
    if (!begun) return;
    await this.service.work(() => this.staff.beginPhase(begun));
    this.phase = begun;
    this.restricted = new Set(begun.restrictions);
  }

  private async step(day: number): Promise<void> {
    const { service, staff, traffic, population } = this;
    const days = 1 / this.stepsPerDay;
    await service.send(traffic.until(service.now, population.people, this.restricted), this.joins(days));
    await service.work(() => staff.review(service.now - this.stepMs, days, traffic.isViolation));
    await service.settle();
    await service.tick();
    const expands = await this.follow(day);
    if (expands) await this.raise(day);
    await service.settle();
  }

  private joins(days: number): SentEvent[] {
    const arrivals = this.restricted.has('join') ? [] : this.population.arrivals(days);
    return arrivals.map(({ accountId, class: name }) =>
      sent<typeof WaitlistJoined>('WaitlistJoined', `joined-${accountId}`, this.service.now, {
        ...{ accountId, email: `${accountId}@simulation.invalid` },
        class: name,
      }),
    );
  }

  /** @returns whether the gate supports a raise */
  private async follow(day: number): Promise<boolean> {
    this.onboarded.push(await this.see(day));
    this.noteWeek(day);
    return this.moves.at(-1)?.outcome === 'expand';
  }

  /** Sees who came in and who had to go. @returns how many came in */
  private async see(day: number): Promise<number> {
    const { events, next } = await this.service.eventsAfter(this.position, FOLLOWED);
    this.position = next;
    const accounts: string[] = [];
    const invited: string[] = [];
    for (const { type, data } of events) {
      const { accountId, outcome, reasons } = data as { accountId: string; outcome: string; reasons: string[] };
      if (type === 'AccountOnboarded') accounts.push(accountId);
      if (type === 'InvitationSent') invited.push(accountId);
      if (type === 'AccountDeactivated') this.population.deactivated(accountId);
      if (type === 'GateMoved') this.moves.push({ day, outcome, reasons });
    }
    for (const accountId of accounts) this.population.onboarded(accountId, this.service.now);
    await this.service.work(async () => {
      await this.staff.accept(accounts);
      await this.staff.acceptInvitations(invited);
    });
    return accounts.length;
  }

  private noteWeek(day: number): void {
    const people = sumOf(this.onboarded.slice(-DAYS_A_WEEK * this.stepsPerDay));
    const { perWeek } = this.rates.at(-1)!;
    const { fullestWeek: fullest } = this;
    if (people * fullest.perWeek > fullest.people * perWeek) this.fullestWeek = { day, people, perWeek };
  }

  private async raise(day: number): Promise<void> {
    const perWeek = this.raises.shift();
    if (perWeek === undefined) return;
    this.rates.push({ day, perWeek: scaledRate(perWeek, this.options.scale) });
    await this.service.work(() => this.staff.setRate(perWeek));
  }
}

const mostInARow = (values: readonly number[], length: number): number =>
  Math.max(0, ...values.map((_, n) => sumOf(values.slice(Math.max(0, n + 1 - length), n + 1))));

import { expect, it } from '@jest/globals';
import { DAY_MS, toIso } from '../kernel/clock.js';
import type { RolloutEvent } from './events.js';
import { readGate } from './gate-move.js';
import { GateMoved } from './move-events.js';
import type { StepNeed } from './ramp.js';
import { type Rollout, rolloutStream } from './rollout.js';
import { rolloutWords } from './rollout-words.js';

const NOW = Date.parse('2022-06-18T09:00:00Z');
const actor = { kind: 'user', id: 'olga' } as const;
const rollout = (...events: RolloutEvent[]): Rollout =>
  events.reduce(
    (state, event, i) =>
      rolloutStream.evolve(state, event, { position: i + 1, time: toIso(NOW), actor, source: '/spec' }),
    rolloutStream.initial,
  );
const rate: RolloutEvent = { type: 'OnboardingRateSet', data: { perWeek: 700, daily: true } };
const words = (...events: RolloutEvent[]) => rolloutWords(rollout(...events), NOW);

it('says that nobody may be onboarded without a rate', () => {
  expect(words()).toEqual([
    'No rate is set: nobody may be onboarded.',
    'Cohorts are admitted by hand.',
    'The gate holds: no rate above 0 is set, so there is no evidence yet.',
  ]);
});

it('says the rate, this window and the next slice, which is due a day after the last one', () => {
  const admitted: RolloutEvent = {
    type: 'CohortAdmitted',
    data: { cohortId: 'daily-2022-06-18', size: 100, selection: 'first-come', perWeek: 700, at: toIso(NOW) },
  };
  expect(words(rate)).toContain('The next slice, of up to 100 people, is due on 2022-06-18 09:00:00 UTC.');
  expect(words(rate, admitted)).toEqual([
    'The rate is 700 people in any seven days.',
    '100 of 700 people count in this window; 600 more fit into it now.',
    'The next slice, of up to 100 people, is due on 2022-06-19 09:00:00 UTC.',
    'The gate holds the rate.',
  ]);
});

it('says how many places are held for invitations', () => {
  const held: RolloutEvent = {
    type: 'PlacesHeld',
    data: {
      batchId: 'b',
      size: 200,
      selection: 'first-come',
      until: toIso(NOW + DAY_MS),
      perWeek: 700,
      at: toIso(NOW),
    },
  };
  expect(words(rate, held).slice(1, 3)).toEqual([
    '0 of 700 people count in this window; 500 more fit into it now.',
    '200 places are held for invitations that are not decided.',
  ]);
});

it('says which cohort waits beside people onboarded by a wrong clock, until when, and what would change it', () => {
  const cohort = (cohortId: string): RolloutEvent => ({
    type: 'CohortAdmitted',
    data: { cohortId, size: 600, selection: 'first-come', perWeek: 700, at: toIso(NOW) },
  });
  const at = toIso(NOW + DAY_MS);
  const closed: RolloutEvent = { type: 'CohortClosed', data: { cohortId: 'ahead', people: 600, first: at, last: at } };
  expect(words(rate, cohort('ahead'), closed, cohort('late'))).toContain(
    "The 600 people of cohort late come in from 2022-06-26 09:00:00 UTC on, when people onboarded by a wrong clock are seven days past; until then nobody else is chosen from the line and no invitation is sent. What would change it: closing it with those who are in (gatehouse cohort close late 'REASON').",
  );
  const ordered: RolloutEvent = { type: 'CohortClosingOrdered', data: { cohortId: 'late', reason: 'it waits' } };
  expect(words(rate, cohort('ahead'), closed, cohort('late'), ordered)).toContain(
    'Cohort late is being closed with those who are in.',
  );
});

it('says how many wait, how many of them may come in, and who has to confirm an address first', () => {
  const said = (waiting: number, eligible: number, unconfirmed: number) =>
    rolloutWords(rollout(rate), NOW, { line: { waiting, eligible, unconfirmed } })[2];
  expect(said(0, 0, 0)).toBe('Nobody waits in the line.');
  expect(said(0, 0, 1)).toBe('Nobody waits in the line: 1 person has to confirm its address first.');
  expect(said(1, 1, 0)).toBe('1 person waits in the line.');
  expect(said(1200, 1200, 3)).toBe('1,200 people wait in the line. 3 more have to confirm their address first.');
  expect(said(1200, 80, 0)).toBe(
    '1,200 people wait in the line, of whom 80 may come in: the others are hold-outs, or of classes that the phase or the class plan leaves out.',
  );
});

it('says that the evidence is not complete, and whether people are admitted meanwhile', () => {
  const said = (...events: RolloutEvent[]) =>
    rolloutWords(rollout(rate, ...events), NOW, { isIncomplete: true }).at(-1);
  expect(said()).toMatch(/^The evidence is not complete: .* People are admitted meanwhile\.$/);
  expect(said({ type: 'GateMoved', data: GateMoved.example })).toMatch(/Until it is, nobody is admitted\.$/);
});

it('says when the next slice of a schedule is due', () => {
  const schedule = { timeZone: 'Europe/London', days: ['monday'], hours: [9, 15] } as const;
  const said = rolloutWords(rollout(rate), NOW, { schedule });
  expect(said).toContain('The next slice, of up to 350 people, is due on 2022-06-20 08:00:00 UTC.');
});

it('says that admissions are stopped and why, and what overrides that, first of all', () => {
  const braked: RolloutEvent = {
    type: 'GateMoved',
    data: { ...GateMoved.example, outcome: 'brake', reasons: ['backlog-too-long'] },
  };
  expect(words(rate, braked).slice(2)).toEqual([
    'No further slice is due.',
    'The gate has stopped admissions since 2022-06-18 09:00:00 UTC.',
    'Why: more cases wait than reviewers can decide in the days that are allowed.',
  ]);
  const approved: RolloutEvent = {
    type: 'GateOverrideApproved',
    data: {
      overrideId: 'o',
      outcome: 'hold',
      reason: 'others help out',
      until: toIso(NOW + DAY_MS),
      proposedBy: 'omar',
    },
  };
  const overridden = words(rate, braked, approved);
  expect(overridden[0]).toBe(
    'OVERRIDE until 2022-06-19 09:00:00 UTC: hold instead of what the gate decides (others help out; proposed by omar, approved by olga).',
  );
  expect(overridden).toContain('Because of the override, people are admitted at the set rate.');
});

it('names the remedy if more labels come late than is assumed', () => {
  const { gate } = rollout(rate);
  const { lateBySeconds, ...figures } = GateMoved.example.figures;
  const evidence = {
    ...{ counts: { exposures: 20_000, pending: 0, confirmed: 0 }, accounts: [], cohorts: [], at: NOW, position: 9 },
    ...{ figures: { ...figures, arrived: 31_000 }, late: { since: 1, violations: 41, late: 12 } },
  };
  const reading = readGate(gate, evidence, 1000, lateBySeconds);
  expect(rolloutWords(rollout(rate), NOW, { reading }).find((one) => one.startsWith('Why:'))).toMatch(
    /; 12 of 41 confirmed violations became known more than 9 days after .* \(gatehouse gate set --late-share 0\.1273\)/,
  );
});

it('says who changed what last', () => {
  const last = { type: 'OnboardingPaused', time: toIso(NOW), actor, reason: 'a holiday' } as const;
  expect(rolloutWords(rollout(rate), NOW, { last }).at(-1)).toBe(
    'Last change: olga paused onboarding (a holiday) on 2022-06-18 09:00:00 UTC.',
  );
});

it('says the next step of a ramp plan, and when it is made', () => {
  const steps = [{ perWeek: 1000, afterDays: 7, exposures: 20_000, mode: 'confirmed' as const }];
  const plan: RolloutEvent = { type: 'RampPlanSet', data: { planId: 'p', steps, reason: 'as planned' } };
  const said = (...needs: StepNeed[]) => rolloutWords(rollout(rate, plan), NOW, { needs })[3];
  const next = 'Ramp plan p of olga (as planned): the next step is 1,000 people a week,';
  expect(said('days', 'exposures', 'gate', 'confirmation')).toBe(
    `${next} when it is 2022-06-25 09:00:00 UTC, 20,000 exposures count in this stage, the gate supports it and an operator confirms it (gatehouse rollout confirm-step p 1000).`,
  );
  expect(said('traffic', 'views', 'terms', 'override', 'resumption', 'due-change')).toMatch(
    /when images are exposed again, the views have caught up, another plan is set, because .*, the override .* ends, onboarding is resumed and the change that is due has taken effect\.$/,
  );
  expect(said()).toBe(`${next} now.`);
  const made: RolloutEvent = {
    type: 'OnboardingRateSet',
    data: { perWeek: 1000, daily: true, ramp: { planId: 'p', step: 0, gate: 1, exposures: 20_000 } },
  };
  expect(words(rate, plan, made)).toContain('All steps of ramp plan p were made.');
});

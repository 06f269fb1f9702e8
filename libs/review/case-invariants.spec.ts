import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { caseFile, CASE_ID as caseId, flag, LEASE_MS, NOW, vote } from '../../test/support/case-file.js';
import { DAY_MS } from '../kernel/clock.js';
import { InvalidInput, Refusal } from '../kernel/errors.js';
import type { Verdict } from './case.js';
import {
  claimCase,
  escalateCase,
  handOverCase,
  holdCase,
  releaseCase,
  renewClaim,
  reopenCase,
} from './claim-decisions.js';
import type { CaseFacts } from './conflict-of-interest.js';
import type { CaseEvent } from './events.js';
import { MAX_FLAGS, openCase } from './flag-decisions.js';
import { isUnseen, type NotedFlagger, notedFlaggerStream, noteFlagger } from './noted-flagger.js';
import { importReviewConfirmed } from './outside-confirmation.js';
import { closeVerdicts, giveVerdict, withdrawVerdict } from './verdict-decisions.js';

const PEOPLE = ['p1', 'p2', 'p3', 'p4'] as const;
const person = fc.constantFrom(...PEOPLE);
/** Leads pass cases on without a claim. */
const LEAD = 'p4';
const DECISIONS = ['ReviewConfirmed', 'ReviewUpheld', 'ReviewDismissed', 'ModelProblemFound'] as const;
type Decision = Extract<CaseEvent, { type: (typeof DECISIONS)[number] }>;
const isDecision = (event: CaseEvent): event is Decision => DECISIONS.some((type) => type === event.type);
const maybe = fc.option(person, { nil: undefined });
const command = fc.oneof(
  fc.record({ kind: fc.constant('flag' as const), by: person, late: fc.boolean(), says: maybe }),
  fc.record({
    kind: fc.constantFrom('claim', 'claim', 'claim', 'renew', 'release', 'hold', 'escalate', 'reopen', 'withdraw'),
    by: person,
  }),
  fc.record({ kind: fc.constant('close' as const), by: person }),
  fc.record({ kind: fc.constant('hand-over' as const), by: person, to: person }),
  fc.record({
    kind: fc.constant('verdict' as const),
    by: person,
    verdict: fc.constantFrom<Verdict>('safe', 'unsafe', 'unsure', 'model-problem'),
    windowMs: fc.constantFrom(0, 0, 60_000),
    fromOutside: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('clock' as const), by: fc.constantFrom(LEASE_MS, DAY_MS, 3_600_000, -3_600_000) }),
);
type Command = typeof command extends fc.Arbitrary<infer Value> ? Value : never;

/** A case with its noted flaggers, and an independent record of who flagged it. */
function reviewed(panelSize: number, owner: string | undefined) {
  const file = caseFile();
  const noted = new Map<string, NotedFlagger>();
  let now = NOW;
  const flaggers = new Set<string>();
  /** By reviewer: the token that their last claim was answered with. */
  const tokens = new Map<string, number>();
  const factsOf = (): CaseFacts => ({
    owner,
    notedRounds: new Map([...noted].map(([person, { round }]) => [person, round])),
  });

  function applyFlag(n: number, flaggedBy: string, late: boolean, says?: string) {
    const position = late ? (file.log.at(-1)?.position ?? 0) + 1 : 1;
    const given = flag({ flagId: `f${n}`, flaggedBy, position, panelSize, accountId: owner ?? says });
    const events = openCase(file.state(), given);
    file.append(events);
    const state = file.state();
    flaggers.add(flaggedBy);
    if (!isUnseen(state, given)) return;
    const before = noted.get(flaggedBy) ?? notedFlaggerStream.initial;
    const data = { caseId, round: state.round, flagId: `f${n}`, flaggedBy };
    for (const event of noteFlagger(before, data)) {
      noted.set(
        flaggedBy,
        notedFlaggerStream.evolve(before, event, {
          position,
          time: '',
          actor: { kind: 'process', id: 'reactor' },
          source: '/gatehouse',
        }),
      );
    }
  }

  function decide(one: Exclude<Command, { kind: 'flag' | 'clock' }>): CaseEvent[] {
    const state = file.state();
    const { by } = one;
    const use = { caseId, reviewer: by, token: tokens.get(by) ?? 1 };
    const pass = { caseId, by, isLead: by === LEAD, ...(by !== LEAD && { token: use.token }) };
    const lease = { now, leaseMs: LEASE_MS };
    try {
      switch (one.kind) {
        case 'claim':
          return claimCase(state, { caseId, reviewer: by, isLead: by === LEAD, ...lease }, factsOf());
        case 'renew':
          return renewClaim(state, { ...use, ...lease });
        case 'release':
          return releaseCase(state, use);
        case 'hold':
          return holdCase(state, { ...use, until: now + DAY_MS, now });
        case 'hand-over':
          return handOverCase(state, { ...pass, to: one.to, now }, factsOf());
        case 'escalate':
          return escalateCase(state, pass);
        case 'reopen':
          return reopenCase(state, { caseId, by, reason: 'again', panelSize }, false);
        case 'withdraw':
          return withdrawVerdict(state, { caseId, reviewer: by, now });
        case 'close':
          return closeVerdicts(state, { caseId, now }, factsOf());
        case 'verdict': {
          const { verdict, windowMs } = one;
          const founded = verdict === 'unsafe' ? { clause: 'violent', rationale: 'a wound' } : {};
          const given = { caseId, reviewer: by, verdict, now, ...founded };
          const how = one.fromOutside ? { reviewerSource: '/tool' } : { token: use.token, windowMs };
          return giveVerdict(state, { ...given, ...how }, factsOf());
        }
      }
    } catch (error) {
      if (error instanceof Refusal || error instanceof InvalidInput) return [];
      throw error;
    }
  }

  /** Those of the round by people who may review the case now. */
  function votesWith(more: readonly CaseEvent[]) {
    let given: { reviewer: string; source: string | undefined; verdict: Verdict }[] = [];
    for (const { type, data } of [...file.log, ...more]) {
      if (type === 'CaseOpened' || type === 'CaseReopened') given = [];
      if (type === 'VerdictGiven')
        given.push({ reviewer: data.reviewer, source: data.reviewerSource, verdict: data.verdict });
      if (type === 'VerdictWithdrawn')
        given = given.filter((one) => one.reviewer !== data.reviewer || one.source !== undefined);
    }
    const valid = given.filter(({ reviewer }) => !flaggers.has(reviewer) && reviewer !== owner);
    const number = (kind: Verdict) => valid.filter(({ verdict }) => verdict === kind).length;
    const modelProblem = number('model-problem');
    const votes = { safe: number('safe'), unsafe: number('unsafe'), unsure: number('unsure') };
    return modelProblem > 0 ? { ...votes, modelProblem } : votes;
  }

  function apply(one: Command, n: number) {
    if (one.kind === 'clock') now += one.by;
    else if (one.kind === 'flag') applyFlag(n, one.by, one.late, one.says);
    else if (file.state().status !== 'none') {
      const { claim, claims, reserved } = file.state();
      const events = decide(one);
      for (const event of events) {
        const { type, data } = event;
        if (isDecision(event)) expect(event.data.votes).toEqual(votesWith(events));
        if (type === 'CaseClaimed') {
          tokens.set(one.by, data.token!);
          if (one.kind === 'renew') expect(claim).toMatchObject({ reviewer: one.by, token: data.token });
          else {
            expect(data.token).toBe(claims + 1);
            if (claim) expect(claim.until).toBeLessThanOrEqual(now);
            if (reserved && now < reserved.until) expect(reserved.reviewer).toBe(one.by);
          }
        }
        // Somebody whose claim was lost neither judges nor passes the case on.
        if (type === 'VerdictGiven' && data.reviewerSource === undefined)
          expect(claim).toMatchObject({ reviewer: one.by, token: tokens.get(one.by) });
        if (type !== 'VerdictGiven' && (type !== 'CaseClaimed' || one.kind === 'renew')) continue;
        expect(flaggers).not.toContain(one.by);
        expect(one.by).not.toBe(owner);
      }
      file.append(events);
    }
  }
  return { file, apply, applyFlag };
}

describe('a case under any commands', () => {
  it('is decided once per round by distinct people who neither flagged nor made the image, and claims never overlap', () => {
    const crowd = fc.constantFrom(0, 0, 0, MAX_FLAGS - 1, MAX_FLAGS + 1);
    fc.assert(
      fc.property(
        fc.array(command, { maxLength: 60 }),
        fc.integer({ min: 1, max: 3 }),
        maybe,
        crowd,
        (commands, panelSize, owner, flags) => {
          const { file, apply, applyFlag } = reviewed(panelSize, owner);
          for (let n = 0; n < flags; n++) applyFlag(-n, `stranger-${n}`, true, owner);
          for (const [n, one] of commands.entries()) apply(one, n);
          check(file.log, panelSize, owner);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is confirmed against the account in the image’s own record, whatever flags and senders report', () => {
    fc.assert(
      fc.property(maybe, maybe, maybe, fc.boolean(), (owner, says, sent, imported) => {
        const state = caseFile()
          .append(openCase(caseFile().state(), flag({ accountId: says })))
          .state();
        const decide = () =>
          imported
            ? importReviewConfirmed(state, { caseId, accountId: sent, categories: [], reviewers: ['rev'] }, { owner })
            : vote(state, 'rev', 'unsafe', {}, { owner });
        const expected = owner ?? says ?? (imported ? sent : undefined);
        if (expected === undefined) expect(decide).toThrow(expect.objectContaining({ code: 'image-owner-unknown' }));
        else expect(decide().at(-1)).toMatchObject({ type: 'ReviewConfirmed', data: { accountId: expected } });
      }),
    );
  });

  function check(log: readonly CaseEvent[], panelSize: number, owner: string | undefined) {
    let round = 0;
    let voters: string[] = [];
    let flags = 0;
    let isOpen = false;
    /** Of the confirmation in force, if one is: its last round, and who decided it. */
    let inForce: { round: number; deciders: string[] } | undefined;
    for (const event of log) {
      const { type, data } = event;
      if (type === 'CaseOpened' || type === 'CaseReopened') {
        expect(isOpen).toBe(false);
        // A flag opens no round of what is confirmed.
        if (type === 'CaseOpened') expect(inForce).toBeUndefined();
        expect(data.round).toBe(++round);
        [voters, isOpen] = [[], true];
        if (type === 'CaseOpened') flags = 1;
        continue;
      }
      if (type === 'CaseJoined' && isOpen) {
        flags++;
        continue;
      }
      expect([isOpen, flags <= MAX_FLAGS]).toEqual([true, true]);
      if (type === 'VerdictWithdrawn') voters = voters.filter((voter) => voter !== ` ${data.reviewer}`);
      if (type === 'VerdictGiven') {
        const voter = `${data.reviewerSource ?? ''} ${data.reviewer}`;
        expect(voters).not.toContain(voter);
        expect(inForce?.deciders ?? []).not.toContain(data.reviewer);
        voters.push(voter);
      }
      if (type === 'ReviewOverturned') {
        expect(data).toMatchObject({ round: inForce!.round, decidedRound: round });
        inForce = undefined;
        continue;
      }
      if (!isDecision(event)) continue;
      const { safe, unsafe, modelProblem = 0 } = event.data.votes!;
      const of = safe + unsafe + modelProblem;
      expect(of).toBeGreaterThanOrEqual(panelSize);
      const isConfirmed = type === 'ReviewConfirmed' || type === 'ReviewUpheld';
      expect(isConfirmed).toBe(unsafe * 2 > of);
      expect(type === 'ModelProblemFound').toBe(modelProblem * 2 > of);
      // Of what is in force only its renewal, or nothing.
      if (type === 'ReviewUpheld') expect(data.upheldRound).toBe(inForce!.round);
      else expect(inForce).toBeUndefined();
      const deciders = [...(inForce?.deciders ?? []), ...voters.map((voter) => voter.split(' ')[1]!)];
      inForce = isConfirmed ? { round, deciders } : undefined;
      if (owner) expect(event.data.accountId).toBe(owner);
      isOpen = false;
    }
    expect(flags).toBeLessThanOrEqual(MAX_FLAGS);
  }
});

import { atItsMoment, type Circumstances, type DecisionsAgain, decisionsAgain } from '../../context/decisions-again.js';
import { clausesOfValid, policyStream } from '../../policy/index.js';
import { acknowledgeEnforcement, type Lifted, noteOverdue, redeliverEnforcement } from '../acknowledging.js';
import {
  completeEnforcement,
  type Enforcement,
  enforcementStream,
  type Order,
  orderEnforcement,
  type Reversal,
  recordEnforcement,
  replaceOrder,
  reverseEnforcement,
} from '../enforcement.js';
import type { EnforcementEvent } from '../events.js';
import { ladderStream, setLadder } from '../ladder.js';
import { registerTarget, removeTarget, type Targets, targetsStream } from '../targets.js';

const ORDERED = { 'enforcement-unknown': 'enforcement-known' };

/** Which targets were registered. */
const targetsOf = (made: Circumstances): Promise<Targets> => made.state(targetsStream);

export const enforcementAgain: DecisionsAgain = decisionsAgain(enforcementStream, {
  EnforcementOrdered: {
    rules: { 'enforcement-id-taken': 'id-of-no-other-decision' },
    decide: (state, order) =>
      order.enforcementId === undefined
        ? orderEnforcement(state, order, order.round ?? 1)
        : recordEnforcement(state, order),
  },
  EnforcementCompleted: { rules: ORDERED, decide: (state, data) => completeEnforcement(state, data) },
  EnforcementReversed: { rules: ORDERED, decide: reverseAgain },
  EnforcementAcknowledged: {
    rules: { ...ORDERED, 'target-unknown': 'target-registered' },
    // How far the target said it had applied the log is not stored: no further than the log was.
    decide: async (state, { target }, made) =>
      acknowledgeEnforcement(state, { id: made.id, target, upTo: made.together[0]!.position }, await targetsOf(made)),
  },
  EnforcementOverdue: {
    rules: {},
    decide: async (state, data, made) => overdueAgain(state, made, liftedOf(data), await targetsOf(made)),
  },
  EnforcementRedelivered: {
    rules: ORDERED,
    decide: async (state, data, made) =>
      redeliverEnforcement(state, { id: made.id, reason: data.reason }, await targetsOf(made), liftedOf(data)),
  },
  EnforcementLifted: {
    rules: ORDERED,
    async decide(state, { consequences }, made) {
      const next = made.together[1]?.data as { asOf?: string; reason?: string } | undefined;
      const lifted = liftedOf({ lifted: consequences, asOf: next?.asOf });
      const targets = await targetsOf(made);
      if (next?.reason === undefined) return overdueAgain(state, made, lifted, targets);
      return redeliverEnforcement(state, { id: made.id, reason: next.reason }, targets, lifted);
    },
  },
});

/** Other measures are ordered in the same decision, if there are any. */
function reverseAgain(state: Enforcement, reversal: Reversal, { together }: Circumstances): EnforcementEvent[] {
  const next = together[1];
  if (next?.type !== 'EnforcementOrdered') return reverseEnforcement(state, reversal);
  return replaceOrder(state, reversal, next.data as Order);
}

const liftedOf = ({ lifted = [], asOf }: { lifted?: Lifted['consequences']; asOf?: string | undefined }): Lifted => ({
  consequences: lifted,
  ...(asOf !== undefined && { asOf: Number(asOf) }),
});

const overdueAgain = (state: Enforcement, made: Circumstances, lifted: Lifted, targets: Targets) =>
  atItsMoment(
    made,
    made.together.find(({ type }) => type === 'EnforcementOverdue')?.data.nextAttemptAt as string | undefined,
    (event: EnforcementEvent) => (event.type === 'EnforcementOverdue' ? event.data.nextAttemptAt : undefined),
    (now) => noteOverdue(state, targets, now, lifted),
  );

export const ladderAgain: DecisionsAgain = decisionsAgain(ladderStream, {
  LadderSet: {
    rules: { 'invalid-input': 'entries-and-steps-valid' },
    decide: async (state, data, made) => setLadder(state, data, clausesOfValid(await made.state(policyStream))),
  },
});

export const targetsAgain: DecisionsAgain = decisionsAgain(targetsStream, {
  EnforcementTargetRegistered: {
    rules: { 'too-many-targets': 'targets-left' },
    decide: (state, data) => registerTarget(state, data),
  },
  EnforcementTargetRemoved: { rules: {}, decide: (state, data) => removeTarget(state, data) },
});

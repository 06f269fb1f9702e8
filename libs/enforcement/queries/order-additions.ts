import type { Transactor } from '../../event-store/transact.js';
import type { RecordedOf } from '../../events/event-definition.js';
import { policiesAt, policyStream } from '../../policy/index.js';
import { caseStream, decidersOf, type ReviewConfirmed } from '../../review/index.js';
import type { Order } from '../enforcement.js';
import { targetsFor, targetsStream } from '../targets.js';

/* What an order says beside its measure. */

/** The targets that have to acknowledge the order. */
export async function forTargets(transactor: Transactor, order: Order): Promise<Pick<Order, 'targets'>> {
  const targets = targetsFor((await transactor.load(targetsStream, undefined)).state, order);
  return targets.length === 0 ? {} : { targets };
}

/** Those of an order that replaces another one: targets of the other that are still registered have to undo it. */
export async function forReplacement(
  transactor: Transactor,
  replaced: Order,
  order: Order,
): Promise<Pick<Order, 'targets'>> {
  const { state } = await transactor.load(targetsStream, undefined);
  const undoing = (replaced.targets ?? []).filter((name) => state.byName.has(name));
  const targets = [...new Set([...targetsFor(state, order), ...undoing])].sort();
  return targets.length === 0 ? {} : { targets };
}

/** Why a confirmed review restricts the account, for its holder. */
export async function statementFor(
  transactor: Transactor,
  { data, recordedAt }: RecordedOf<typeof ReviewConfirmed>,
): Promise<NonNullable<Order['statement']>> {
  const [{ state: policies }, { state }] = await Promise.all([
    transactor.load(policyStream, undefined),
    transactor.load(caseStream, data.caseId),
  ]);
  const { current } = policiesAt(policies, Date.parse(recordedAt));
  // A case that no flag opened shows reviewers a kind of flagger, which is nobody's.
  const isFlagged = state.flags > 0;
  const isAutomated = isFlagged && state.sources.has('detector');
  const isByPeople = isFlagged && (state.sources.has('user') || state.sources.has('staff'));
  const notedBy = isAutomated ? (isByPeople ? 'both' : 'automation') : isByPeople ? 'people' : undefined;
  return {
    ground: 'content-policy',
    decidedBy: decidersOf(data),
    ...(current !== undefined && { policyVersion: current }),
    ...(notedBy !== undefined && { notedBy }),
    isMeasureAutomated: true,
  };
}

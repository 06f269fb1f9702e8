import { Inject, Injectable } from '@nestjs/common';
import { LadderSet, ladderStream } from '../../enforcement/index.js';
import type { EventStore } from '../../event-store/event-store.js';
import { isOf } from '../../events/event-definition.js';
import { foldRecorded } from '../../kernel/decider.js';
import { EVENT_STORE } from '../../platform/ports.js';
import { ContentPolicyPublished, ContentPolicyWithdrawn, policiesAt, policyStream } from '../../policy/index.js';
import type { RolloutEvent } from '../events.js';
import type { Stage } from '../gate-stage.js';

type Begun = Extract<RolloutEvent, { type: 'GateStageBegun' }>['data'];

/** Finds what has changed since a stage began that its evidence does not survive: the policy in force, and the ladder. */
@Injectable()
export class StageChanges {
  constructor(@Inject(EVENT_STORE) private readonly store: Pick<EventStore, 'readStream'>) {}

  /** @param now epoch milliseconds */
  async since(stage: Stage, now: number): Promise<Begun | undefined> {
    return (await this.policyChange(stage, now)) ?? (await this.ladderChange(stage));
  }

  /**
   * A version changes something when it comes into force, which may be long after its publication. By a clock that is behind the
   * one of the stage, no former one is in force again.
   */
  private async policyChange({ since, at }: Stage, now: number): Promise<Begun | undefined> {
    const events = await this.store.readStream(policyStream.category);
    const before = foldRecorded(
      policyStream,
      events.filter(({ position }) => position <= since),
    );
    const present = policiesAt(foldRecorded(policyStream, events), Math.max(now, Date.parse(at))).current;
    const former = policiesAt(before, Date.parse(at)).current;
    if (present === former) return undefined;
    const cause = events.findLast(
      (event) =>
        (isOf(ContentPolicyPublished, event) && event.data.version === present) ||
        (isOf(ContentPolicyWithdrawn, event) && event.data.version === former && event.position > since),
    );
    const what = present ?? 'none';
    return {
      cause: 'policy-changed',
      what,
      ...(cause && { by: cause.metadata.actor.id, changedAt: cause.position }),
      reason: present === undefined ? 'no policy is in force any more' : `policy ${present} is in force`,
    };
  }

  private async ladderChange({ since }: Stage): Promise<Begun | undefined> {
    const events = await this.store.readStream(ladderStream.category);
    const set = events.filter((event) => isOf(LadderSet, event)).findLast(({ position }) => position > since);
    return (
      set && {
        cause: 'ladder-changed',
        what: `${set.data.entries.length} entries`,
        by: set.metadata.actor.id,
        changedAt: set.position,
        reason: set.data.reason,
      }
    );
  }
}

import { Inject, Injectable } from '@nestjs/common';
import { Transactor } from '../../event-store/transact.js';
import type { Clock } from '../../kernel/clock.js';
import type { Actor } from '../../kernel/envelope.js';
import { CLOCK } from '../../platform/ports.js';
import { policyStream } from '../../policy/index.js';
import { severeViewersStream } from '../severe-viewers.js';
import { knownSeverities } from './known-severities.js';

/** Reads who may look at images of cases that name a clause of the highest severity, and which clauses those are. */
@Injectable()
export class SevereViewing {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async isViewer({ id }: Actor): Promise<boolean> {
    return (await this.viewers()).has(id);
  }

  /** Who has the skill. */
  async viewers(): Promise<ReadonlySet<string>> {
    return new Set((await this.transactor.load(severeViewersStream, undefined)).state.viewers.keys());
  }

  /** By clause: how severe it is. Absent ones are unknown. Null without clauses. */
  async severities(): Promise<ReadonlyMap<string, number> | null> {
    const { state } = await this.transactor.load(policyStream, undefined);
    return knownSeverities(state, this.clock.now());
  }
}

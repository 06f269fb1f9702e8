import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { Transactor } from '../../event-store/transact.js';
import { boundsOf } from '../../gate/verdict.js';
import { type Clock } from '../../kernel/clock.js';
import { coalesced } from '../../kernel/coalesced.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import { CLOCK } from '../../platform/ports.js';
import { outcomeInForce, overrideInForce } from '../gate-override.js';
import { OUTCOMES } from '../move-events.js';
import { rolloutStream } from '../rollout.js';
import { GateEvidence } from './gate-evidence.js';

/** What the gate says and how near it is. Every process reports the same values. */
@Injectable()
export class GateGauges implements OnModuleInit {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(GateEvidence) private readonly evidence: GateEvidence,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(Metrics) private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    const gate = async () => (await this.transactor.load(rolloutStream, undefined)).state.gate;
    this.metrics.readGauge(
      'gate_state',
      '1 for what the gate says, or what overrides it, else 0',
      ['state'],
      async () => {
        const inForce = outcomeInForce(await gate(), this.clock.now());
        return OUTCOMES.map((state) => ({ labels: { state }, value: state === inForce ? 1 : 0 }));
      },
    );
    this.metrics.readGauge(
      'gate_override_seconds',
      'How long an override of the gate is in force yet; 0 for none',
      [],
      async () => {
        const now = this.clock.now();
        const override = overrideInForce(await gate(), now);
        return [{ value: override ? (Date.parse(override.until) - now) / 1000 : 0 }];
      },
    );
    // Read once for all gauges of a scrape.
    const stage = coalesced(() => this.stage());
    this.metrics.readGauge(
      'gate_violation_rate_bound',
      'Bounds of the violation rate of the stage: `low` by confirmed ones, `high` if each flag that waits is a violation; and the limit that they are tested against',
      ['bound'],
      async () => {
        const found = await stage();
        return found
          ? (['low', 'high', 'limit'] as const).map((bound) => ({ labels: { bound }, value: found[bound] }))
          : [];
      },
    );
    this.metrics.readGauge(
      'gate_evidence_late_seconds',
      'How long the first event that the evidence lacks has been stored',
      [],
      async () => {
        const found = await stage();
        return found ? [{ value: found.lateBySeconds }] : [];
      },
    );
  }

  private async stage() {
    const loadGate = async () => (await this.transactor.load(rolloutStream, undefined)).state.gate;
    const { gate, counts, lateBySeconds } = await this.evidence.read(loadGate);
    if (!gate.stage) return undefined;
    const { limit, boundsAt } = boundsOf(gate.settings, gate.stage.ordinal, gate.alphaLeft);
    const { lower, upper } = boundsAt(counts);
    return { low: lower, high: upper, limit, lateBySeconds };
  }
}

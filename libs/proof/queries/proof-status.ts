import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { type Static, Type } from 'typebox';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { closed, count, instant, list, oneOf, orNull, text } from '../../http/openapi/answer-schemas.js';
import type { Clock } from '../../kernel/clock.js';
import { coalesced } from '../../kernel/coalesced.js';
import type { Settings } from '../../platform/configuration/settings.js';
import type { Pool } from '../../platform/database/database.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import { CLOCK, POOL, SETTINGS } from '../../platform/ports.js';
import { logKeys } from '../leaves/log-keys.js';
import { originOf } from '../leaves/origin.js';
import { newestCheckpoint } from '../leaves/signed-checkpoints.js';
import { treeState } from '../leaves/stored-tree.js';
import { refusalOf, type WitnessRecord, witnessRecords } from '../leaves/witness-records.js';
import { verificationRecord } from '../verification/recorded-verification.js';

export const ProofStatusAnswer = closed({
  origin: text('The name of the log of leaves.'),
  leaves: count('How many leaves it has, one for each event.'),
  signing: oneOf(
    ['signed', 'unsigned', 'refused'],
    'Whether its checkpoints are signed: `unsigned` if none of this name has been, `refused` because of what a witness has seen.',
  ),
  signedLeaves: count('The number of leaves of the newest signed checkpoint.'),
  refusal: Type.Optional(text('Why nothing is signed, with both sizes.')),
  verified: closed(
    {
      intactAt: orNull(instant('When a verification last found nothing altered.')),
      fullAt: orNull(instant('When one of all events did.')),
      fault: orNull(text('What was altered, until a verification of all events finds nothing.')),
    },
    'What the verifications have found that ran by themselves or that trusted the keys of the database.',
  ),
  witnesses: list(
    closed({
      name: text('Its name in the policy.'),
      key: text('Its key as `name+hash+key`.'),
      leaves: count('The number of leaves that it has cosigned, as far as is known.'),
      cosignedAt: orNull(instant('When it last cosigned, by its clock.')),
      error: orNull(text('Why it did not cosign the last time.')),
    }),
    'The witnesses that are asked for signatures.',
  ),
});
export type ProofStatusAnswer = Static<typeof ProofStatusAnswer>;

const SECOND_MS = 1_000;

/** How far the log of leaves is signed, and by whom. Every process reports the same. */
@Injectable()
export class ProofStatus implements OnModuleInit {
  constructor(
    @Inject(POOL) private readonly pool: Pool,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(Metrics) private readonly metrics: Metrics,
  ) {}

  async read(): Promise<ProofStatusAnswer> {
    const { origin } = this;
    const [{ size }, checkpoint, refusal, witnesses, { intactAt, fullAt, fault }] = await Promise.all([
      treeState(this.pool),
      newestCheckpoint(this.pool, origin),
      refusalOf(this.pool, origin),
      witnessRecords(this.pool, origin),
      verificationRecord(this.pool),
    ]);
    return {
      origin,
      leaves: size,
      signing: refusal !== undefined ? 'refused' : checkpoint ? 'signed' : 'unsigned',
      signedLeaves: checkpoint?.size ?? 0,
      ...(refusal !== undefined && { refusal }),
      verified: {
        intactAt: intactAt?.toISOString() ?? null,
        fullAt: fullAt?.toISOString() ?? null,
        fault: fault ? placed(fault) : null,
      },
      witnesses: witnesses.map(shown),
    };
  }

  onModuleInit(): void {
    // The gauges of one scrape share it.
    const record = coalesced(() => verificationRecord(this.pool));
    const refused = 'Whether no checkpoint is signed any more because of what a witness has seen: 1 if so, otherwise 0';
    this.metrics.readGauge('proof_signing_refused', refused, [], async () => [
      { value: Number((await refusalOf(this.pool, this.origin)) !== undefined) },
    ]);
    const altered =
      'Whether a verification found that the log was altered, until one of all events finds nothing: 1 or 0';
    this.metrics.readGauge('proof_log_altered', altered, [], async () => [
      { value: Number((await record()).fault !== undefined) },
    ]);
    const verified = 'Seconds since a verification last found that nothing in the log was altered; missing if none has';
    this.metrics.readGauge('proof_verified_age_seconds', verified, ['events'], async () => {
      const { intactAt, fullAt } = await record();
      return [
        ...(intactAt === null ? [] : [{ labels: { events: 'new' }, value: this.ageOf(intactAt) }]),
        ...(fullAt === null ? [] : [{ labels: { events: 'all' }, value: this.ageOf(fullAt) }]),
      ];
    });
    const key = 'Since when the oldest key signs that is to go on signing, in seconds; missing without a key';
    this.metrics.readGauge('proof_signing_key_age_seconds', key, [], async () => {
      const current = (await logKeys(this.pool)).filter(
        ({ origin, until }) => origin === this.origin && until === null,
      );
      const oldest = current.at(-1);
      return oldest ? [{ value: this.ageOf(oldest.since) }] : [];
    });
    const age = 'Seconds since a witness last cosigned a checkpoint; missing for one that never has';
    this.metrics.readGauge('proof_witness_age_seconds', age, ['witness'], async () =>
      (await witnessRecords(this.pool, this.origin)).flatMap(({ name, cosignedAt }) =>
        cosignedAt === null ? [] : [{ labels: { witness: name }, value: this.ageOf(cosignedAt) }],
      ),
    );
  }

  private ageOf(time: Date): number {
    return Math.max(0, this.clock.now() - time.getTime()) / SECOND_MS;
  }

  private get origin(): string {
    return originOf(this.settings, this.epoch.current);
  }
}

const placed = ({ position, detail }: { position: number | null; detail: string }): string =>
  `${position === null ? '' : `position ${position}: `}${detail}`;

const shown = ({ name, verifier, size, cosignedAt, error }: WitnessRecord): ProofStatusAnswer['witnesses'][number] => ({
  name,
  key: verifier,
  leaves: size,
  cosignedAt: cosignedAt?.toISOString() ?? null,
  error,
});

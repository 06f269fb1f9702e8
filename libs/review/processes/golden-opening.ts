import type { ContextPorts, Schedule } from '../../context/context.js';
import { toIso } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import type { Actor } from '../../kernel/envelope.js';
import { onceBuilt, queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import type { LockSession } from '../../subscriptions/lock-session.js';
import { runPeriodically } from '../../subscriptions/periodic-work.js';
import { caseStream } from '../case.js';
import { type UnflaggedOpening, unflaggedOpening } from '../features/unflagged-opening.js';
import { fractionOf } from '../further-review.js';
import { withdrawGolden } from '../golden-answers.js';
import { goldenStream, presentGoldenCase, retireUsedImage } from '../golden-case.js';
import type { ImagesInUse } from '../queries/images-in-use.js';
import { type LikeOrdinary, ordinaryCase } from '../queries/ordinary-cases.js';
import { goldenCasesView } from '../views/golden-cases.js';

const GOLDEN_OPENING = 'golden-opening';
const TICK_MS = 5_000;
const AT_ONCE = 100;
/** By how much of its age the image of a golden case is older than that of the case that it is like. */
const SPREAD = 0.5;
const SECOND_MS = 1_000;

const DUE = `SELECT golden_id, retired_by FROM ${viewTable(goldenCasesView)}
  WHERE (status IN ('drawn', 'presented') AND retired_at IS NULL AND opens_at <= to_timestamp($1::float8 / 1000))
    OR (status = 'open' AND retired_at IS NOT NULL)
  ORDER BY golden_id LIMIT ${AT_ONCE}`;

type Ports = Pick<ContextPorts, 'transactor' | 'clock' | 'pool' | 'settings' | 'logger' | 'personKeys'>;

/**
 * Opens the cases of golden cases that were drawn, and closes those of retired ones once no reviewer has them. Retires one whose
 * image was reported or flagged before its case was opened.
 */
export class GoldenOpening implements Schedule {
  private readonly open: UnflaggedOpening;

  constructor(
    private readonly ports: Ports,
    private readonly images: Pick<ImagesInUse, 'isInUse'>,
  ) {
    this.open = unflaggedOpening(ports);
  }

  async run(signal: AbortSignal, locks: LockSession): Promise<void> {
    const failed = onceBuilt((error) =>
      this.ports.logger.warn({ err: error }, 'golden cases could not be opened; this is retried'),
    );
    await runPeriodically({ name: GOLDEN_OPENING, everyMs: TICK_MS, tick: () => this.tick(), failed }, signal, locks);
  }

  async tick(): Promise<void> {
    const { pool, clock } = this.ports;
    const { rows } = await queryView(pool, { text: DUE, values: [clock.now()] });
    for (const { golden_id, retired_by } of rows) {
      if (retired_by) await this.withdraw(golden_id, retired_by);
      else await this.present(golden_id);
    }
  }

  /** An interruption between the two is made up for by the next time. */
  private async present(goldenId: string): Promise<void> {
    const { transactor, clock, pool, personKeys } = this.ports;
    const context: CommandContext = { actor: { kind: 'process', id: GOLDEN_OPENING }, correlationid: goldenId };
    const retire = () => transactor.transact(goldenStream, goldenId, context, (now) => retireUsedImage(now, goldenId));
    if (await this.images.isInUse(goldenId)) return void (await retire());
    const fraction = (purpose: string) => fractionOf(personKeys.keyedHash(`golden ${purpose}\n${goldenId}`));
    const like = await ordinaryCase(pool, fraction('likeness'));
    const given = { goldenId, ...generation(like, clock.now(), fraction('age')), reach: like.reach };
    const { state } = await transactor.transact(goldenStream, goldenId, context, (now) =>
      presentGoldenCase(now, given),
    );
    // Retired meanwhile: its case is not opened.
    if (state.isRetired || !state.presented || !state.added) return;
    const { accountId, verdict, clause, queue, categories, confidence } = state.added;
    const { reach } = state.presented;
    const golden = { verdict, ...(clause !== undefined && { clause }), ...(queue !== undefined && { queue }), reach };
    const details = confidence === undefined ? {} : { confidence };
    const chosenAt = toIso(clock.now());
    const opened = await this.open(
      { imageId: goldenId, accountId, origin: 'golden', categories, golden, ...details, chosenAt },
      context,
    );
    // A flag stored since the look has opened a case for the image.
    if (opened.state.origin !== 'golden') await retire();
  }

  private async withdraw(caseId: string, actor: Actor): Promise<void> {
    const { transactor, clock } = this.ports;
    await transactor.transact(caseStream, caseId, { actor, correlationid: caseId }, (state) =>
      withdrawGolden(state, caseId, clock.now()),
    );
  }
}

/** When the image was generated. @param now epoch milliseconds @param fraction from 0 up to 1 */
function generation({ ageMs, isInSeconds }: LikeOrdinary, now: number, fraction: number): { generatedAt?: string } {
  if (ageMs === undefined) return {};
  const at = now - ageMs * (1 + fraction * SPREAD);
  return { generatedAt: toIso(isInSeconds ? Math.floor(at / SECOND_MS) * SECOND_MS : Math.floor(at)) };
}

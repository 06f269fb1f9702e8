import type { AccountStream } from '../../account/index.js';
import { isOfNoAccount } from '../../enforcement/index.js';
import { type EventStore, UnknownPosition } from '../../event-store/event-store.js';
import { typesOf } from '../../events/event-definition.js';
import { type KnownWithheld, withholdingStream } from '../../images/index.js';
import { isUsable } from '../../kernel/decider.js';
import type { Position, RecordedEvent } from '../../kernel/envelope.js';
import { ModelProblemFound, ReviewConfirmed } from '../../review/index.js';
import type { ConsumerProgress } from '../../subscriptions/checkpoints.js';
import { idIn } from './entity-of.js';
import { ENFORCEMENT_ENDS, PendingEnforcements } from './pending-enforcements.js';
import { WithheldImages } from './withheld-images.js';

const PAGE = 2_000;
/** Maximum events about withheld images that the view of them may lack at the start: they are read then. */
const MAX_BEHIND = 300_000;
const NOTHING_DONE: ConsumerProgress = { position: 0, parked: [] };

type Log = Pick<EventStore, 'readAll' | 'readStream'>;

/**
 * Of the accounts whose enforcement failed: what was confirmed since, less what of it was done nevertheless. A confirmation
 * that names no account stays parked for long, and nothing has to be read because of it.
 */
export async function readPending(
  store: Log,
  account: AccountStream,
  { position, parked: all }: ConsumerProgress,
): Promise<PendingEnforcements> {
  const pending = new PendingEnforcements();
  const parked = all.filter(({ key }) => !isOfNoAccount(key));
  const part = parkedPart({ position, parked });
  if (!part) return pending;
  const keys = new Set(parked.map(({ key }) => key));
  // Those that can name a case: of the others there are many more, and they say nothing about one.
  const naming = account.events.filter(({ schema }) => 'caseId' in schema.properties);
  const types = typesOf([...naming, ReviewConfirmed, ...ENFORCEMENT_ENDS]);
  await applyPart(store, { ...part, types }, (event) => {
    if (!isUsable(event) || !keys.has(event.data.accountId as string)) return;
    const accountId = idIn(account.category, event);
    if (accountId === undefined) pending.apply(event);
    else pending.applyToAccount(accountId, event);
  });
  return pending;
}

/**
 * The images that are withheld at a position: of the findings and restorations of an image the last decides.
 * @param known as of an earlier position, or a later one
 */
export async function readWithheld(
  store: Log,
  upTo: Position,
  withholding: ConsumerProgress = NOTHING_DONE,
  known: KnownWithheld = { imageIds: [], asOf: 0 },
): Promise<WithheldImages> {
  const types = typesOf([...withholdingStream.events, ReviewConfirmed, ModelProblemFound]);
  const unfinished = parkedPart(withholding) ?? { from: withholding.position };
  const lacking = known.asOf < unfinished.from ? { from: known.asOf } : unfinished;
  const withheld = new WithheldImages(store);
  withheld.addAll(known.imageIds);
  const part = { ...lacking, types, upTo, limit: MAX_BEHIND };
  if (await applyPart(store, part, (event) => withheld.apply(event))) return withheld;
  const incomplete = new WithheldImages(store);
  await applyPart(store, { ...unfinished, types, upTo }, (event) => incomplete.apply(event));
  return incomplete;
}

/** A part of the log, of some types. */
interface LogPart {
  types: readonly string[];
  from: Position;
  /** Whether the event at `from` is part of it. */
  including?: boolean;
  upTo: Position;
  /** Maximum number of events. */
  limit?: number;
}

/**
 * Applies the events of a part of the log, in order.
 * @returns false if it has more events than the limit: those beyond it were not applied
 */
async function applyPart(
  store: Log,
  { types, from, including = false, upTo, limit = Number.POSITIVE_INFINITY }: LogPart,
  apply: (event: RecordedEvent) => void,
): Promise<boolean> {
  let applied = 0;
  for (let after = from, first = including; after < upTo || first; first = false) {
    const page = await pageFrom(store, after, { types, limit: PAGE, including: first });
    for (const event of page.events) {
      if (event.position > upTo) return true;
      if (++applied > limit) return false;
      apply(event);
    }
    if (page.atHead) return true;
    after = page.next;
  }
  return true;
}

/** A parked event of a log that was replaced since is in no log: then everything is read. */
async function pageFrom(
  store: Log,
  after: Position,
  options: { types: readonly string[]; limit: number; including: boolean },
) {
  try {
    return await store.readAll(after, options);
  } catch (error) {
    if (!options.including || !(error instanceof UnknownPosition)) throw error;
    return store.readAll(0, { ...options, including: false });
  }
}

/** The part of the log from the first event that a consumer has not processed; undefined if it has parked no key. */
function parkedPart({ position: upTo, parked }: ConsumerProgress): Omit<LogPart, 'types'> | undefined {
  const positions = parked.map(({ position }) => position).filter((position) => position <= upTo);
  return positions.length === 0 ? undefined : { from: Math.min(...positions), including: true, upTo };
}

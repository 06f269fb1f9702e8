import { accountStream } from '../../account/index.js';
import type { OwnEventIds } from '../../event-store/event-identity.js';
import type { Transactor } from '../../event-store/transact.js';
import type { DataOf } from '../../events/event-definition.js';
import { imageRulesStream, isRuleInForce } from '../../image-rules/index.js';
import {
  ContentFlagged,
  type ImageFacts,
  ImageGenerated,
  ImageShared,
  type KnownImage,
  timeOfShare,
} from '../../images/index.js';
import type { FactLane } from '../../ingest/fact-lane.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import { causedBy, OWN_SOURCE } from '../../kernel/command-context.js';
import type { NewEvent, Position, RecordedEvent } from '../../kernel/envelope.js';
import { type Consumer, defineConsumer } from '../../subscriptions/consumer.js';
import { phaseRestrictedAt, phaseRestrictionsStream } from '../../switches/index.js';

export const RESTRICTED_SHARE_FLAGGING = 'restricted-share-flagging';
/** Facts of an image are in any lane: of its own, this one is not contended. */
export const RULE_FLAGS_LANE = 'facts-image-rules';
/** Who flags. The category of the flag is the rule. */
export const RULE_FLAGGER = 'gatehouse:image-rules';
const RULE = 'photorealistic-faces';

export interface RestrictedSharePorts {
  transactor: Pick<Transactor, 'load'>;
  ownEventIds: Pick<OwnEventIds, 'of'>;
  clock: Clock;
  lane: Pick<FactLane, 'append'>;
  /** Resolves once the view of images has everything up to a position. @throws NotCaughtUp */
  imagesReached(position: Position): Promise<void>;
  /** What is known of an image as of a position at least. @throws NotCaughtUp */
  imageAsOf(imageId: string, from: Position): Promise<KnownImage>;
  /** When it was shared, in epoch milliseconds, as of a position at least. @throws NotCaughtUp */
  sharesAsOf(imageId: string, from: Position): Promise<readonly number[]>;
}

/**
 * Flags an image that was shared while a rule forbade that, as a detector would; the flag opens a case. An image is flagged
 * once, however often it is shared and whatever is processed again: the id of the flag follows from the image. If the facts of
 * the image come after its share, they are what is acted on; both wait for the views that have the other.
 */
export function restrictedShareFlagging(ports: RestrictedSharePorts): Consumer {
  const { transactor, imagesReached, imageAsOf, sharesAsOf } = ports;

  async function isShareForbidden({ accountId }: ImageFacts, shares: readonly number[]): Promise<boolean> {
    if (shares.length === 0) return false;
    const [{ state: account }, { state: rules }, { state: phases }] = await Promise.all([
      transactor.load(accountStream, accountId),
      transactor.load(imageRulesStream, undefined),
      transactor.load(phaseRestrictionsStream, undefined),
    ]);
    const { cohortId } = account;
    return shares.some(
      (at) => isRuleInForce(rules, { rule: RULE, cohortId }, at) || phaseRestrictedAt(phases, RULE, at),
    );
  }

  return defineConsumer({
    name: RESTRICTED_SHARE_FLAGGING,
    events: [ImageShared, ImageGenerated],
    key: ({ data }) => data.imageId,
    concerns: (event) => event.type === 'ImageShared' || isRestricted(event.data),
    async concerning(events) {
      const { position } = events.at(-1)!;
      if (events.some(({ type }) => type === 'ImageShared')) await imagesReached(position);
      // Facts that come later are processed by themselves, whatever the shares before them.
      const isFound = await Promise.all(
        events.map(async ({ type, data }) => {
          if (type !== 'ImageShared') return true;
          const { facts, isParked } = await imageAsOf(data.imageId, position);
          return isParked || (facts !== undefined && isRestricted(facts));
        }),
      );
      return events.filter((_, n) => isFound[n]);
    },
    async react(event) {
      const { imageId } = event.data;
      const { facts, isParked } = await imageAsOf(imageId, event.position);
      if (isParked) {
        throw new Error(
          `an event of image ${imageId} can't be processed, so it is not known whether a rule forbids to share it: GET /v1/views shows the error; fix the cause, and this is retried`,
        );
      }
      if (!facts || !isRestricted(facts)) return;
      const shares = event.type === 'ImageShared' ? [timeOfShare(event)] : await sharesAsOf(imageId, event.position);
      if (await isShareForbidden(facts, shares)) await flag(ports, imageId, facts, event);
    },
  });
}

const isRestricted = ({
  photorealistic,
  faces,
}: {
  photorealistic?: boolean | null;
  faces?: boolean | null;
}): boolean => photorealistic === true && faces === true;

/** A no-op if the image was flagged. */
async function flag(
  { ownEventIds, clock, lane }: RestrictedSharePorts,
  imageId: string,
  { accountId }: ImageFacts,
  cause: RecordedEvent,
): Promise<void> {
  const data: DataOf<typeof ContentFlagged> = {
    imageId,
    accountId,
    flaggedBy: RULE_FLAGGER,
    flaggerKind: 'detector',
    categories: [RULE],
  };
  const { fact, type, version } = ContentFlagged;
  const event: NewEvent = {
    id: ownEventIds.of(`flag ${RULE}\n${imageId}`),
    type,
    data,
    metadata: {
      ...causedBy(cause, RESTRICTED_SHARE_FLAGGING),
      source: OWN_SOURCE,
      subject: `${fact!.category}-${imageId}`,
      time: toIso(clock.now()),
      schemaversion: version,
    },
  };
  const [outcome] = await lane.append([event]);
  if (outcome!.error) throw outcome!.error;
}

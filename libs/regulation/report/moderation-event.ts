import type {
  AppealDenied,
  AppealFiled,
  AppealGranted,
  AppealLapsed,
  AppealPartlyGranted,
} from '../../appeals/index.js';
import type { AuthorityOrderRecorded, DisputeRecorded, TrustedFlaggerSet } from '../../authorities/index.js';
import type { EnforcementOrdered } from '../../enforcement/index.js';
import type { EventOf } from '../../events/event-definition.js';
import type { ContentFlagged, ImageWithheld } from '../../images/index.js';
import type {
  CaseJoined,
  CaseOpened,
  ModelProblemFound,
  ReviewAmended,
  ReviewConfirmed,
  ReviewDismissed,
  ReviewUpheld,
} from '../../review/index.js';

/** An event from which the tables of the transparency report follow. */
export type ModerationEvent = EventOf<
  | typeof ContentFlagged
  | typeof CaseOpened
  | typeof CaseJoined
  | typeof ReviewConfirmed
  | typeof ReviewUpheld
  | typeof ReviewAmended
  | typeof ReviewDismissed
  | typeof ModelProblemFound
  | typeof EnforcementOrdered
  | typeof ImageWithheld
  | typeof AppealFiled
  | typeof AppealGranted
  | typeof AppealPartlyGranted
  | typeof AppealDenied
  | typeof AppealLapsed
  | typeof AuthorityOrderRecorded
  | typeof DisputeRecorded
  | typeof TrustedFlaggerSet
> & { recordedAt: string };

export type DataOf<Type extends ModerationEvent['type']> = Extract<ModerationEvent, { type: Type }>['data'];

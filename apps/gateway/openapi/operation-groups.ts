import type { OperationGroup } from './operation.js';
import { accessOperations } from './operations/access.js';
import { accountOperations } from './operations/accounts.js';
import { eventOperations } from './operations/events.js';
import { imageOperations } from './operations/images.js';
import { platformOperations } from './operations/platform.js';
import { policyOperations } from './operations/policy.js';
import { reviewOperations } from './operations/review.js';
import { rolloutOperations } from './operations/rollout.js';
import { safetyOperations } from './operations/safety.js';
import { viewOperations } from './operations/views.js';
import { waitlistOperations } from './operations/waitlist.js';

/** Every operation, in the order of the reference page. */
export const operationGroups: readonly OperationGroup[] = [
  accessOperations,
  eventOperations,
  waitlistOperations,
  rolloutOperations,
  policyOperations,
  accountOperations,
  imageOperations,
  reviewOperations,
  safetyOperations,
  viewOperations,
  platformOperations,
];

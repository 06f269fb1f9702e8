import { accessContext } from '../libs/access/index.js';
import { accountContext } from '../libs/account/index.js';
import type { Context } from '../libs/context/context.js';
import { enforcementContext } from '../libs/enforcement/index.js';
import { imagesContext } from '../libs/images/index.js';
import { operationsContext } from '../libs/operations/index.js';
import { policyContext } from '../libs/policy/index.js';
import { reviewContext } from '../libs/review/index.js';
import { rolloutContext } from '../libs/rollout/index.js';
import { safetyContext } from '../libs/safety/index.js';
import { waitlistContext } from '../libs/waitlist/index.js';
import { exchangeOfEvents, platform } from './composition/foundations.js';

/** Every context, in the order of the API's documents. A new one needs its line here and nothing else outside its folder. */
export const contexts: readonly Context[] = [
  accessContext,
  exchangeOfEvents,
  waitlistContext,
  rolloutContext,
  policyContext,
  accountContext,
  imagesContext,
  reviewContext,
  enforcementContext,
  safetyContext,
  operationsContext,
  platform,
];

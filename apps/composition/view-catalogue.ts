import { accountStandingView } from '../../libs/account/index.js';
import { imagesView } from '../../libs/images/index.js';
import type { View } from '../../libs/projections/view.js';
import { casesView } from '../../libs/review/index.js';
import { cohortsView } from '../../libs/rollout/index.js';
import { deactivationsView, safetyImagesView } from '../../libs/safety/index.js';
import { waitlistEntriesView } from '../../libs/waitlist/index.js';

/** Every read model there is. */
export const viewCatalogue: readonly View[] = [
  waitlistEntriesView,
  accountStandingView,
  cohortsView,
  imagesView,
  casesView,
  safetyImagesView,
  deactivationsView,
];

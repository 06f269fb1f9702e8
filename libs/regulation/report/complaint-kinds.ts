import type { Restriction } from './known-images.js';
import type { Complaints } from './report-figures.js';

/** The kinds of complaints that the report counts, in its order. */
export interface ComplaintKind {
  indicator: string;
  isOf(complaints: Complaints): boolean;
  /** The row of all has the complaints that need no decision any more too. */
  hasOmitted: boolean;
  note: string | null;
}

const NONE = 'This system has no such complaints.';
const kind = (indicator: string, ...against: Restriction[]): ComplaintKind => ({
  indicator: `Complaint regarding a decision ${indicator}`,
  isOf: (complaints) => against.includes(complaints.against),
  hasOmitted: false,
  note: against.length === 0 ? NONE : null,
});

export const COMPLAINT_KINDS: readonly ComplaintKind[] = [
  {
    indicator: 'Number of complaints submitted to the internal-complaints mechanism',
    ...{ isOf: () => true, hasOmitted: true, note: null },
  },
  kind('to remove or disable access to or restrict visibility of information', 'image-disabled'),
  kind('to suspend or terminate the provision of the service', 'service-restricted'),
  kind('to suspend or terminate an account ', 'account-suspended', 'account-terminated'),
  kind('to restrict the ability to monetise information'),
  kind('not to take action on a notice submitted in accordance with Article 16'),
  kind('not to take action on a notice submitted by a Trusted Flagger in accordance with Article 16'),
];

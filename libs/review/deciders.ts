/** Who gave the verdicts of a decision: of another system's people nobody here knows whether they are people. */
export const decidersOf = ({
  reviewerSource,
  reviewerSources,
}: {
  reviewerSource?: string | undefined;
  reviewerSources?: readonly string[] | undefined;
}): 'reviewers' | 'other-system' =>
  reviewerSource !== undefined || (reviewerSources !== undefined && !reviewerSources.includes(''))
    ? 'other-system'
    : 'reviewers';

/** What commands about a reviewer edit: all that is recorded about them. */
export const REVIEWER = {
  what: ({ reviewer }: { reviewer: string }) => `what is recorded about ${reviewer}`,
  id: ({ reviewer }: { reviewer: string }) => reviewer,
};

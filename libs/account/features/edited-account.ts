/** What commands about an account edit. */
export const ACCOUNT = {
  what: ({ accountId }: { accountId: string }) => `account ${accountId}`,
  id: ({ accountId }: { accountId: string }) => accountId,
};

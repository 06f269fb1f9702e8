// planted violation
export const claimedAt = (): number => Date.now();

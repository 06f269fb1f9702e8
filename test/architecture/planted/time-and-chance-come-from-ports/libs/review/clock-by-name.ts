// planted violation
const { now } = Date;

export const claimedAt = now;

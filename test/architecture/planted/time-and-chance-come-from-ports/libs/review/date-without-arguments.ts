// planted violation
export const openedAt = (): Date => new Date();

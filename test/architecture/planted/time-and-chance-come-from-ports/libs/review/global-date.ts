// planted violation
export const openedAt = (): number => globalThis.Date.now();

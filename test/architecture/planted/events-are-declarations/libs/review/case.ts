export const openCase = (): object => ({});

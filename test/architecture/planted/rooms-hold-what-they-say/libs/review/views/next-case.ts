// planted violation
export const nextCase = (cases: readonly string[]): string | undefined => cases[0];

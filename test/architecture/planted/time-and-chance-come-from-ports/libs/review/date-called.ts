// planted violation
export const today = (): string => Date();

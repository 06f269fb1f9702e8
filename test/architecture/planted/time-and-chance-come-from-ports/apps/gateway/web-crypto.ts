// planted violation
export const requestId = (): string => crypto.randomUUID();

// planted violation
export const now = (): number => performance.timeOrigin + performance.now();

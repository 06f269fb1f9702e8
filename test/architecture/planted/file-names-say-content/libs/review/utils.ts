// planted violation
export const one = 1;

// planted violation
export const two = 2;

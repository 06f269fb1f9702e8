// planted violation
export const four = 4;

// planted violation
export const three = 3;

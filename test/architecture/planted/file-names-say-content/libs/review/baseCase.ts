// planted violation
export const five = 5;

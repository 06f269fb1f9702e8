export const columns = 3;

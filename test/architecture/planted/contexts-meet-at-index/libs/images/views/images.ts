export const imageRows: string[] = [];

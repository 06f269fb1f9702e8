export const viewTable = (name: string): string => name;

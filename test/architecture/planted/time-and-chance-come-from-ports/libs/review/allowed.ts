export const rounded = (time: string): number => Math.floor(new Date(time).getTime() / Date.UTC(1970, 0, 2));
export const isDate = (value: unknown): boolean => value instanceof Date;
export const elapsed = (since: number): number => performance.now() - since;
